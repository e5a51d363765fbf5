"""Files: reading and writing them safely, below all stages.

reading.py read_regular(): regular files only, up to a number of bytes; undecodable()
writing.py write(): a whole file or nothing, private unless it is meant for everybody; rewrite():
           a file that a person has written; whole_file(): one that others write, such as SQLite
"""
