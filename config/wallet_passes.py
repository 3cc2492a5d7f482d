"""What signs members' passes for the wallets of phones; empty where none are issued.

Of Apple: files in PEM (the certificate of the pass type, its key, Apple's WWDR certificate), the pass type and the
team. Of Google: the service account's key file, the issuer's number, and a public picture.
"""

NAMES = (
    "APPLE_PASS_CERTIFICATE",
    "APPLE_PASS_KEY",
    "APPLE_PASS_KEY_PASSWORD",
    "APPLE_PASS_AUTHORITY",
    "APPLE_PASS_TYPE",
    "APPLE_TEAM",
    "GOOGLE_WALLET_ACCOUNT",
    "GOOGLE_WALLET_ISSUER",
    "GOOGLE_WALLET_LOGO_URL",
)
