"""What remains if Streamlit is deleted: the rules about keys, records, objects, links and the trail.

Everything here returns codes and data, never sentences; the sentences live in ``dashboard/wording.py``.
Time and ids are passed in. Only ``lib.stores`` talks to the outside world.

* ``keys``       which object a stored key means (pure)
* ``records``    the rows of the clinic's database and the port that reads them
* ``search``     what somebody typed or pasted, understood; finding records with it
* ``objects``    what the bucket says about a key and the port that asks it
* ``diagnosis``  record + observation -> the state a person sees (pure)
* ``previews``   showing a PDF on the server's side
* ``links``      signed links: bounds, issue, verification
* ``trail``      who did what, append-only and hash-chained
* ``access``     who may do what
* ``settings``   configuration from the environment
* ``services``   the ports, the clock and the rules that one process works with
* ``errors``     failures, as exceptions that carry data
"""
