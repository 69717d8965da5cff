"""Long measurements to run by hand; the tests run short versions of them."""
