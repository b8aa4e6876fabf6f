"""Tests, by what they need: core (nothing), stores (databases), screens (AppTest), browser, live (Ceph RGW), bench."""
