"""What remains if Streamlit is deleted: the rules about keys, records, objects, links and the trail.

Everything here returns codes and data, never sentences; the sentences live in ``dashboard/wording``.
Time and ids are passed in. Only ``lib.stores`` talks to the outside world. From the ground up:

* ``errors``     failures, as exceptions that carry data
* ``access``     who may do what (pure); ``authority`` asks it for every use case and writes what it denies to the trail
* ``people``     who has an account, and the port that keeps them; ``sessions`` who is signed in
* ``passwords``  which may be chosen, and how they are compared; ``password_links`` set one, ``throttle`` slows guessing
* ``accounts``   what an owner does with them; ``sign_in`` getting in, and one's own password
* ``federation`` what an identity provider's claims open (pure); ``flows`` binds its answer to one browser (pure),
  ``federated_sign_in`` getting in with it
* ``locking``    a locked session, and proving again who sits before it; ``pins`` the short PIN for that
* ``keys``       which object a stored key means (pure); ``key_problems`` what a key shows by itself, ``key_urls`` what
  an address names
* ``objects``    what the bucket says about a key, the port that asks it, and the cache of its answers
* ``records``    the rows of the clinic's database and the port that reads them
* ``masking``    what is kept from those who may not see names and phones (pure)
* ``diagnosis``  record + observation -> the state a person sees (pure)
* ``readings``   what somebody typed or pasted, understood (pure); ``search`` finds and opens records with it
* ``whereabouts`` the keys and the place of a record's file, for the roles that see them
* ``trail``      who did what; ``trail_store`` is which events are asked for, and the port that keeps them; ``chain`` is
  their rows, hashes and MACs, ``chain_check`` the walk along them, ``anchors``
  what is kept elsewhere (pure); ``activity`` reads it out, ``retention`` takes old events away
* ``links``      signed links; ``link_bounds`` how long, ``link_check`` whether it is the link that was asked for (pure),
  ``link_quota`` how many an hour
* ``previews``   showing a PDF on the server's side; ``documents`` is what it shares with links, ``refusals`` why not
* ``settings``   configuration from the environment; ``setting_section`` how it is read, ``setting_oidc``
  the identity provider's, ``setting_rules`` the rule of each
* ``services``   the ports, the clock and the rules that one process works with
* ``stores``     the outside world, one driver a module
"""
