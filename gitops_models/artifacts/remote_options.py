"""The options of a DVC remote (dvc/config_schema.py), sorted by what a committed one may do."""

# Describe a connection and cannot run or open anything on this machine.
CONNECTION = frozenset(
    {
        "account_name",
        "acl",
        "allow_agent",
        "allow_anonymous_login",
        "auth",
        "cache_regions",
        "client_id",
        "connect_timeout",
        "connection_timeout",
        "endpointurl",
        "exclude_environment_credential",
        "exclude_managed_identity_credential",
        "exclude_shared_token_cache_credential",
        "exclude_visual_studio_code_credential",
        "gdrive_acknowledge_abuse",
        "gdrive_client_id",
        "gdrive_trash_only",
        "gdrive_use_service_account",
        "grant_full_control",
        "grant_read",
        "grant_read_acp",
        "grant_write_acp",
        "gss_auth",
        "kerberos",
        "kerberos_principal",
        "listobjects",
        "max_sessions",
        "method",
        "oss_endpoint",
        "port",
        "profile",
        "projectname",
        "read_timeout",
        "region",
        "replication",
        "sse",
        "sse_customer_algorithm",
        "sse_kms_key_id",
        "ssl_verify",
        "tenant_id",
        "timeout",
        "use_https",
        "use_ssl",
        "user",
    }
)
# Written by DVC's commands, without meaning for a reader that hashes everything itself.
IGNORED = frozenset(
    {
        "checksum_jobs",
        "jobs",
        "no_traverse",
        "protected",
        "shared",
        "slow_link_warning",
        "type",
        "verify",
    }
)
# Store objects under their names instead of their hashes.
LAYOUTS = frozenset(
    {
        "version_aware",
        "worktree",
    }
)
