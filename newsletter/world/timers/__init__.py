"""What starts `newsletter run` each morning, as text for the program that does it.

jobs.py    what is to be started: the program, the folder, the minute
cron.py    a block of lines of a crontab
systemd.py a service and a timer of the user's systemd
launchd.py an agent of macOS
actions.py a workflow of GitHub Actions
installing.py steps that put them in place, or take them out
"""
