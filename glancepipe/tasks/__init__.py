"""Background work: what goes on after its request was answered, in the workers of the service itself.

A task is two things: a record that clients can look at, and an entry in the journal, which a worker holds while it is at
it. A worker that dies leaves the entry behind, and whoever sweeps next carries the task on from it (``entries``); one that
was only taken for dead finds that it can record nothing any more (``work``). ``runner`` is the pool of threads.
"""
