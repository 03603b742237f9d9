"""OpenSSF model signing: ``model.sig`` files, read and written without the model-signing package."""
