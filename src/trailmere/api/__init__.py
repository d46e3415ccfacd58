"""The AWS door: ``cloudtrail``, ``cloudtrail-data`` and a little of ``sts`` for clients that know nothing of us.

Bytes come in at ``server``; ``dispatch`` finds out who signed and what is asked; ``operations`` hold one small function
for each operation, over the rooms of the App. Nothing is decided here: what is refused is refused by a room.
"""
