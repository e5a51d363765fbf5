"""World: the only room that knows the machine; every door opens this.

machine.py the clock, the environment and the database; no network
stopping.py Ctrl-C and SIGTERM finish what is in flight
metrics.py GET /metrics for Prometheus, on a port of its own
days.py    open_day(), open_web(), open_post(): what the steps are given
"""
