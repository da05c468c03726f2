# What Brisk says, in Hebrew.
