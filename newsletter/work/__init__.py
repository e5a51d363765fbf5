"""Work: the same steps as tasks for many machines, on PostgreSQL.

engine.py      Procrastinate, which moves tasks between workers: its tables, its jobs
given.py       what tasks are given: the settings as they are now, the database, the mail
tasks.py       collect → plan → many shards → close, and what comes back
supervision.py which tasks the ledger asks for: missing ones are made again from it
worker.py      one worker process, from its start to its end
"""
