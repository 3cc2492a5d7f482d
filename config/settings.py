"""Settings, read from the environment. With nothing set, they describe the local stack of `make serve`."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import environ

from config import card_keys, logs, wallet_passes
from config.staff.theme import THEME

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

HOME = Path(env.str("REGULARS_HOME", default=str(BASE_DIR / ".regulars")))


def of_local_stack(folder: Path) -> dict[str, str]:
    """What a stack started by `make serve` in this folder wrote down: where its servers are, and its secret.

    The environment goes before it. Empty where there is none, as in production.
    """
    file = folder / "stack.env"
    if not file.is_file():
        return {}
    lines = file.read_text().splitlines()
    return {name: value for name, found, value in (line.partition("=") for line in lines) if found}


LOCAL = of_local_stack(HOME)

DEBUG = env.bool("REGULARS_DEBUG", default=False)
SANDBOX = env.bool("REGULARS_SANDBOX", default=False)
"""In a sandbox the clock can be moved and messages are written as files."""

SECRET_KEY = env.str("SECRET_KEY", default=LOCAL.get("SECRET_KEY", "not-secret-" + "0" * 40))
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]", "testserver"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
"""Addresses or networks whose word about the client's address and scheme (`X-Forwarded-For`, `-Proto`) is taken."""

INSTALLED_APPS = [
    "config.ground",
    "config.outbox",
    "config.staff",
    "members",
    "omnichannel",
    "loyalty",
    "campaigns",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "config.staff.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "pgtrigger",
    "pghistory",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "axes",
]

MIDDLEWARE = [
    "config.ground.middleware.RequestId",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.ground.middleware.BodyLimit",
    "config.staff.middleware.ForAdminOnly",
]
"""Doors of the API need none of the admin's layers: sessions, CSRF, messages and the rest run for the pages of
`STAFF_PATHS` alone, inside `ForAdminOnly`, which builds the chain below once."""

STAFF_PATHS = ["/admin", "/api/docs", "/i18n/", "/till"]
ADMIN_MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.staff.history.SayWho",
    "omnichannel.admin.shop_time.InShopTime",
    "axes.middleware.AxesMiddleware",
]
SILENCED_SYSTEM_CHECKS = [
    # These look for the layers of the admin in MIDDLEWARE. They are in ADMIN_MIDDLEWARE; staff.E001 looks there.
    "admin.E408",
    "admin.E409",
    "admin.E410",
    "axes.W002",
    "security.W002",
    "security.W003",
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
"""Of pages; answers that are no pages may load nothing at all. The admin adds what its theme needs (`RegularsSite`)."""

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]


def database_from(url: str) -> dict[str, Any]:
    """Django's words for a libpq URL such as `postgres://user:secret@host/name?sslmode=require`.

    Statements are prepared the second time they are seen; never at once, because a migration may put several commands
    in one string, which PostgreSQL does not prepare. Behind PgBouncer in transaction mode nothing may stay in a
    session, so there they are not prepared at all.
    """
    database: dict[str, Any] = environ.Env.db_url_config(url)
    options: dict[str, Any] = database.pop("OPTIONS", {})
    database["HOST"] = options.pop("host", database["HOST"])
    database["PORT"] = options.pop("port", database["PORT"])
    database["CONN_MAX_AGE"] = 0
    if env.bool("BEHIND_PGBOUNCER", default=False):
        database["DISABLE_SERVER_SIDE_CURSORS"] = True
        options["prepare_threshold"] = None
    database["OPTIONS"] = {"server_side_binding": True, "prepare_threshold": 1, **options}
    return database


DATABASE_URL = env.str(
    "DATABASE_URL", default=LOCAL.get("DATABASE_URL", "postgres://regulars@127.0.0.1/regulars")
)
DATABASES = {"default": database_from(DATABASE_URL)}
if env.bool("DATABASE_POOL", default=False):
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 2,
        "max_size": 8,
        "timeout": 10,
        "reconnect_timeout": 3,
    }
    """A server that comes back is used at once: a pool that gives up early tries anew with the next request,
    one that does not backs off for minutes."""
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PGHISTORY_BASE_MODEL = "config.ground.history.Event"

AUTH_USER_MODEL = "staff.Staff"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
LOGIN_REDIRECT_URL = "admin:index"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LOGIN_URL = "admin:login"
REGULARS_REQUIRE_SECOND_FACTOR = env.bool("REGULARS_REQUIRE_SECOND_FACTOR", default=False)
"""Whether administrators must have a second factor. Whoever has one is asked for it in any case. Off for the local
stack, whose printed password is meant to be enough; `check --deploy` warns where it is off."""
OTP_TOTP_ISSUER = "Regulars"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "config.staff.signin.answer_locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("SECURE_COOKIES", default=False)
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=False)
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$", "^metrics$"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_WHOLE_DOMAIN", default=False)
if env.bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_AGE = 12 * 60 * 60
UNFOLD = THEME

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
FORMAT_MODULE_PATH = "config.staff.formats"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"

PUBLIC_URL = env.str("PUBLIC_URL", default=LOCAL.get("PUBLIC_URL", "http://127.0.0.1:8000")).rstrip("/")
"""Where members reach us from outside: links in messages begin with it. Mail providers only take https."""

BROKER_URL = env.str("BROKER_URL", default=LOCAL.get("BROKER_URL", "redis://127.0.0.1:6379/0"))
CACHE_URL = env.str("CACHE_URL", default=LOCAL.get("CACHE_URL", "redis://127.0.0.1:6379/1"))
"""Valkey may be lost at any moment: the broker is a doorbell, the cache is only speed."""

CELERY_BROKER_URL = BROKER_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "socket_timeout": 10,
    "socket_connect_timeout": 3,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.2,
    "interval_max": 0.2,
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"


def every(seconds: int, task: str) -> dict[str, Any]:
    """A tick: wake `task` so often, and let a tick that nobody took expire before the next one."""
    return {"task": task, "schedule": timedelta(seconds=seconds), "options": {"expires": seconds}}


CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "send due messages": every(2, "omnichannel.send_due_messages"),
    "forget old answers": every(3600, "ground.forget"),
    "forget old events": every(3600, "outbox.forget"),
    "book expiry": every(300, "loyalty.book_expiry"),
    "warn of expiry": every(3600, "loyalty.warn_of_expiry"),
    "begin terms": every(30, "loyalty.begin_terms"),
    "review tiers": every(600, "loyalty.review_tiers"),
    "tell of tiers": every(60, "loyalty.tell_of_tiers"),
    "seal days": every(1800, "loyalty.seal_days"),
    "keep the books": every(300, "loyalty.keep_books"),
    "watch for fraud": every(120, "loyalty.watch_for_fraud"),
    "prove the ledger": every(1800, "loyalty.verify_ledger"),
    "work on back-tests": every(3, "loyalty.work_on_back_tests"),
    "make codes of vouchers": every(3, "loyalty.make_codes"),
    "count referred friends": every(60, "loyalty.count_friends"),
    "count the past for challenges": every(5, "loyalty.catch_challenges_up"),
    "purge sign-ins": every(3600, "members.purge_sign_ins"),
    "make copies of data": every(5, "members.make_copies"),
    "work on imports": every(3, "members.work_on_imports"),
    "apply retention": every(86_400, "members.apply_retention"),
    "erase members": every(60, "members.erase_due"),
    "finish merges": every(60, "members.finish_merges"),
    "follow merges": every(300, "loyalty.follow_merges"),
    "count names": every(86_400, "members.count_names"),
    "run due campaigns": every(3, "campaigns.run_due"),
    "turn the day in segments": every(300, "campaigns.turn_the_day"),
}
"""The clock's doors. Beat only ticks: each task asks its tables what is due, so a tick that is missed loses nothing."""

READY_FILE = env.str("REGULARS_READY_FILE", default="")
"""Where relay, worker and beat write their pid once they are past their start-up; the local stack waits for it."""

DEFAULT_REGION = env.str("DEFAULT_REGION", default="US")
"""Where a phone number without a country code is at home, when no store or web shop says better."""

MESSAGE_FOLDER = HOME / "outbox"
"""Where the file carriers of the local stack write the messages they would have sent."""

EXPORT_FOLDER = Path(env.str("EXPORT_FOLDER", default=str(HOME / "exports")))
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "exports": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": EXPORT_FOLDER, "file_permissions_mode": 0o600},
    },
}
"""Copies of members' data lie in `exports`: a folder that web and worker share, or a bucket in its place."""
EXPORT_KEPT_DAYS = env.int("EXPORT_KEPT_DAYS", default=7)
IMPORT_MB = env.json("IMPORT_MB", default={"file": 200, "unpacked": 2_048})  # of members
PREFERENCE_LINK_DAYS = env.int("PREFERENCE_LINK_DAYS", default=60)  # of the link in a message
ERASURE_GRACE_DAYS = env.int("ERASURE_GRACE_DAYS", default=14)
"""An erasure can be called off for so many days."""

HOUSEHOLD_SIZE = env.int("HOUSEHOLD_SIZE", default=8)  # people at most

RETENTION_DAYS: dict[str, int | None] = env.json("RETENTION_DAYS", default={})
"""Kind of data -> days it is kept, if not as declared; null for good. `manage.py apply_retention` names the kinds."""
WALLET_PASSES = {name: env.str(name, default="") for name in wallet_passes.NAMES}
CARD_KEYS = card_keys.seeds_of(env.str("CARD_KEYS", default=LOCAL.get("CARD_KEYS", "")).split(","))
CARD_CERTIFICATE_DAYS = env.int("CARD_CERTIFICATE_DAYS", default=30)  # of a device, by the first of the keys

EMAIL_BACKEND = env.str("EMAIL_BACKEND", default="omnichannel.adapters.files.FileMailBackend")
SMS_URL = env.str("SMS_URL", default="")
SMS_TOKEN = env.str("SMS_TOKEN", default="")
MESSAGE_CARRIERS = {
    "email": "omnichannel.adapters.email.EmailCarrier",
    "sms": f"omnichannel.adapters.{'https_sms.HttpsSmsCarrier' if SMS_URL else 'files.FileSmsCarrier'}",
    "inbox": "omnichannel.adapters.inbox.InboxCarrier",
}
"""Channel -> who carries its messages. SMS goes to `SMS_URL` by HTTPS once that is set."""
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Regulars <hello@regulars.example>")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "omnichannel.api.keys.KeyAuthentication",
        "members.api.tokens.TokenAuthentication",
    ],
    "DEFAULT_SCHEMA_CLASS": "config.ground.api.schema.DoorSchema",
    "UNAUTHENTICATED_USER": None,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Regulars",
    "DESCRIPTION": "Members, purchases, points, tiers and offers of a retailer with shops and a web shop.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

LOGGING = logs.set_up(env.str("LOG_LEVEL", default="INFO"))

API_CALLS_PER_MINUTE = {
    "key": env.int("API_CALLS_PER_MINUTE_KEY", default=600_000),
    "member": env.int("API_CALLS_PER_MINUTE_MEMBER", default=6_000),
    "anonymous": env.int("API_CALLS_PER_MINUTE_ANONYMOUS", default=3_000),
}
"""Per caller (or address, where nobody signed in) and web process; generous, they stop runaway clients."""

DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024  # above our own limits, which answer with a problem document
