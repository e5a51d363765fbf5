"""A self-hosted daily-papers newsletter: collect, pick, render, send.

The folders, in the order of a run; each knows nothing of those above it:

__main__.py where the program starts
cli/        the commands
serve/      pages: the preview of an issue
doctor/     whether everything is ready: checks that return what they found
world/      the machine: clock, environment, database, network, put together for a day
day/        one issue, made from settings and stages
collect/    1. the day's papers, from the sources
learn/      2. what topics and readers like
pick/       3. the highlights
render/     4. editions from picks
send/       5. editions to mailboxes
suppress/   6. mail that comes back, and whom not to mail again
subscribe/  people who come, change and go
config/     config/*.yaml → settings
schedule.py which issue is due, and which papers belong to it
store/      what must survive a run
links.py    signed links and addresses, one for each reader
files/      reading and writing files
model/      the facts, as frozen plain data
errors.py   the error tree
"""

__version__ = "0.1.0"
