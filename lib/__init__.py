"""What remains if Streamlit is deleted: the rules about keys, records, objects, links and the trail.

Everything here returns codes and data, never sentences; the sentences live in ``dashboard/wording``.
Time and ids are passed in. Only ``lib.stores`` talks to the outside world. From the ground up:

* ``errors``     failures, as exceptions that carry data; ``background`` a call in a thread of its own; ``stretches`` of keys
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
* ``catalogue``  the ways to go wrong; ``spellings`` what a broken key was meant to say, ``inventory`` the objects that are
  known, ``candidates`` which may be the right one and what proves it, ``causes`` the one main code of a row (all pure)
* ``plans``      what would mend broken rows (pure); ``plan_sql``, ``plan_copy`` and ``plan_signer`` are its scripts, with
  ``plan_evidence`` in every line; ``plan_files`` puts them together
* ``listing``    looking around in a bucket, the port; ``explanation`` does it for one record, within a bound of requests
* ``contents``   what an object really is, by how its bytes begin and end (pure, but for the MD5 of all bytes);
  ``insides`` asks it about one record's file, and about its versions
* ``elsewhere``  the right object of a record whose own is absent: proven, and used in its place
* ``exposure``   whether files open for anyone (pure); ``strangers`` asks as one, for a record and for a sample of all
* ``resolvers``  what every rule of the application makes of one stored key (pure)
* ``readings``   what somebody typed or pasted, understood (pure); ``search`` finds and opens records with it
* ``pasted``     what else somebody pasted: links, wrecks of links, error pages (pure); ``mangled`` undoes what was done to
  a link on its way, ``places`` says which bucket and key it names, ``error_pages`` reads what the browser showed
* ``autopsy``    what a signed link says of itself and why it does not open (pure); ``link_faults`` are the reasons,
  in order, ``symptoms`` finds them, ``signatures`` is what the two signatures of S3 write into a query
* ``inspection`` anything pasted, explained with its records; ``several`` at once; ``planning`` looks for what mends them
* ``whereabouts`` the keys and the place of a record's file, for the roles that see them
* ``trail``      who did what; ``trail_store`` is which events are asked for, and the port that keeps them; ``chain`` is
  their rows, hashes and MACs, ``chain_check`` the walk along them, ``anchors``
  what is kept elsewhere (pure); ``activity`` reads it out, ``retention`` takes old events away
* ``links``      signed links; ``link_bounds`` how long, ``link_check`` whether it is the link that was asked for (pure),
  ``link_quota`` how many an hour
* ``previews``   showing a PDF on the server's side; ``documents`` is what it shares with links, ``refusals`` why not
* ``row_lines``  rows and objects as lines of bytes; ``row_spool`` all rows of one instant, sorted, and ``bucket_pages`` a
  whole bucket, both ports; ``reconcile`` matches the two (pure), and ``leftovers`` is what it could not
* ``findings``   what one run of "Check all files" finds (pure); ``audits`` is a run, ``audit_pace`` how fast
  it goes (pure), ``audit_book`` the ports of the book
  that keeps the runs, ``kept_findings`` what they found, as it is read from there;
  ``auditing`` starts and stops them, ``audit_reading`` reads them, both at the desk of ``audit_office``; ``audit_pages``
  shows their findings, ``audit_history`` is what several say together (pure),
  ``audit_reach`` in what two can be compared (pure), ``audit_since`` how one went on since the verdict before it,
  ``audit_plan`` reads the records of a cause for a plan, ``audit_export`` lets findings be taken along,
  ``alerts`` is what somebody is told of a run, ``audit_first_seen`` since which one a cause is there (both pure)
* ``audit_work``  works one run with what ``audit_shop`` lays out, ``audit_supervision`` does it under its lease;
  ``audit_start`` is how it begins or goes on, ``audit_site`` what it must know for that; ``audit_listing`` is the main
  pass, ``walking`` a range of it, in one process or several; ``audit_keeping`` writes findings down, and
  ``seen_rows`` is what the next run must know of this one (pure),
  ``audit_confirm`` asks again before anything is called missing, ``audit_before`` what lay there; ``audit_judging`` puts
  in order what is left, with ``audit_absent`` (rows), ``audit_lone`` (objects), ``audit_findings`` and the
  ``audit_terms`` by which they are made (both pure), ``audit_exposure`` asks as a stranger
* ``settings``   configuration from the environment; ``setting_section`` how it is read, ``setting_oidc``
  the identity provider's, ``setting_rules`` the rule of each
* ``services``   the ports, the clock and the rules that one process works with
* ``stores``     the outside world, one driver a module
"""
