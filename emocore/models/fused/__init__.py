"""Adapted models that compute in fewer and larger steps, with the results and the parameters that they had."""
