"""World: the only room that knows the machine; every door opens this.

machine.py the clock, the environment and the database; no network
databases.py databases as they are, to be upgraded, backed up, restored, copied
notes.py   what is new in each version
upgrading.py what a new version means for a newsletter
metrics.py GET /metrics for Prometheus, on a port of its own
following.py settings that are followed while they are edited
days.py    open_day(), open_web(): what the steps are given
posts.py   open_post(): what sends mail
timers/    what starts a run each morning: cron, systemd, launchd, GitHub Actions
mailboxes.py the password of the mailbox in which mail comes back, and a look into any
resolving.py DNS as this machine sees it
sites.py   our own site as others see it
programs.py other programs that are asked for their opinion
"""
