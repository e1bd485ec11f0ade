"""The suite's own assertions are shown as those of a test."""

import pytest

pytest.register_assert_rewrite("stepwell.testing")
