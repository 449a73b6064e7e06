//! Checks over all models.
