"""The commands: parse, call, print.

program.py   the program: its options, its exit statuses, where each command is
loading.py   loads code while somebody waits
given.py     what commands are given, read
endings.py   how a run ends
starting.py  demo, init, check
stages.py    collect, pick, render
rehearsing.py what the preview shows
previewing.py preview
sending.py   run, send, send-test
standing.py  status
holding.py   pause, resume, cancel
subscribing.py subscribers list, show, add, remove, pause, resume
importing.py subscribers import, export
returning.py bounces
suppressing.py suppressions
doctoring.py doctor
keys.py      secret, dkim-key
reports.py   what a command shows as a whole
account.py   its pieces: tables and sentences, or JSON
health.py    the health of sources
terminal.py  the one way to the terminal, and to JSON
tables.py    how tables look
progress.py  bars on a terminal
checking.py  how check shows what it found
picking.py   how pick shows picks, and why
starter.py   what `init` writes
demo.py      the whole path on an invented day
"""
