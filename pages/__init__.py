"""The pages of the app, one package per page; `shared` has the code that several of them use."""
