"""Bad inputs, and checks that must hold for all of them. `benchmarks/fuzz.py` is the entry point.

nasty.py        values that have broken programs before
harms.py        ways to put them into a JSON file or a path
bad_*.py        one kind of input each: a seeded generator that fills a box and defines the steps in it
box.py          the folder of one case, with its own home, runs, settings and secrets
traps.py        servers that must get no key, and processes that must not be signalled
forks.py        the process that has done the imports and forks one for each step; pages_in_fork.py draws pages
verdict.py      the checks of one step and of one case
campaign.py     runs the cases one after the other, and sums them up
"""
