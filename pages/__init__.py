"""The pages of the app, one package each; what several of them use is in `shared`."""
