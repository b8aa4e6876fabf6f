"""The real parts that tests run against, one a module; each exports fixtures. ``needed`` says how to get a missing one."""
