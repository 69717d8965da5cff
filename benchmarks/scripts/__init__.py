"""The scripts that Emocore is compared with."""
