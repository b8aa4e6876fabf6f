"""What the gate and the pages in front of it say."""

from __future__ import annotations

FOREIGN_HOST = "This is not the address of the dashboard."
FOREIGN_ORIGIN = "This request comes from another page, so it was refused."
SIGN_IN_FIRST = "Sign in first."
SIGN_IN = "Sign in"
SIGN_OUT = "Sign out"
SIGNED_IN_AS = "Signed in as {name}"
SIGNED_OUT = "You are signed out."
CONTINUE = "Go to the dashboard"
NAME = "Name"
PASSWORD = "Password"  # noqa: S105 - a label
NEW_PASSWORD = "New password"  # noqa: S105 - a label
SET_PASSWORD = "Set your password"  # noqa: S105 - a title
PASSWORD_RULE = "At least 15 characters; several words are easy to remember."  # noqa: S105 - a sentence
PASSWORD_SET = "Your password is set. Sign in with it."  # noqa: S105 - a sentence
DEMO_SIGN_IN = "This is the demo clinic. Look around as:"
FORM_REFUSED = "This form could not be read. Open the page again and try once more."
CROWDED = "Too many people are signing in at this moment, so this was not tried. Try again in half a minute."
