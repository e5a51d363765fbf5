"""The commands: parse arguments, call the steps, print results.

program.py   the program: its options, its exit statuses, where each command is
loading.py   imports code while the user waits
completing.py what the shell offers for a word that is begun
given.py     reads what commands are given: configuration, dates, addresses
endings.py   how a run ends: what is printed, and the exit status
starting.py  demo, init, check
sourcing.py  sources list, add, remove
topicking.py topics list, try
stages.py    collect, pick, render
opening.py   opens the issue that the preview shows
rehearsing.py what the preview shows
tuning.py    how topics are tuned on the preview
previewing.py preview
serving.py   serve, publish
working.py   worker
sending.py   run, send, send-test
scheduling.py schedule
standing.py  status
holding.py   pause, resume, cancel
subscribing.py subscribers list, show, add, remove, pause, resume
importing.py subscribers import, export, suppressions import
refusals.py  what an import tells of its rows
returning.py bounces
suppressing.py suppressions
doctoring.py doctor
databases.py db upgrade, backup, restore, copy
upgrading.py upgrade-check
keys.py      secret, dkim-key, admin-password
reports.py   what a command shows as a whole
account.py   the pieces of a report: tables and sentences, or JSON
diagnoses.py how diagnoses of the doctor are shown
health.py    how the health of sources is shown
forgotten.py how it is told what was deleted because it was old
later.py     how deliveries are shown that wait for the hours of readers
terminal.py  the only module that writes to the terminal, also JSON
tables.py    how tables look
logs.py      logs for programs: JSON, by line
progress.py  progress bars on a terminal
checking.py  how check shows what it found
picking.py   how pick shows picks, and why
teaching.py  teach
starter.py   what `init` writes
demo.py      a complete run on an invented day
"""
