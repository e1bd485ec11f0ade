"""The fault sweep: stepwell is faulted at every await point of a run, and what it left behind is looked at.

A program for people and for CI (`python -m torture`, `make torture`); no part of the package. How it works:

- The faulted run is the production code through its public door, `Project.migrate()` or `rollback()`, in a forked
  child. Nothing in the package knows of the harness.
- Its await points are found generically: the tasks of the child's event loop count how often they suspend (`points`).
  A run without a fault gives the number N; then the fault is done at the 1st, the 2nd, ... the Nth suspension
  (`faults`): at once, when a request was only just sent, or late, when the answer is there but nobody has read it.
- After the faulted run the database is looked at from outside, then ordinary runs follow until nothing is left to do,
  and it is looked at again (`checks`). What is in doubt is decided by hand, as a person would who sees the database.
- Servers are the sweep's own (`servers`), one set for each worker process, so that they may be killed as well.

Why counted suspensions, and no list of points in the code: a list forgets the one that its author did not think of.
Why a process for each case: SIGKILL and SIGSTOP are real, and nothing of one case reaches the next.
"""
