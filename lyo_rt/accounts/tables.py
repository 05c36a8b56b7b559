"""Who learns here, on which devices, and with which refresh tokens; a child's parents, and who has agreed to what."""

import sqlalchemy as sa

from lyo_rt.database.schema import Sealing, document, happened, identity, metadata, moment, owner, sealed, uuid

users = sa.Table(
    "users",
    metadata,
    identity(),
    sa.Column("email", sa.Text, nullable=False, comment="as given, trimmed"),
    sa.Column("email_key", sa.Text, nullable=False, unique=True, comment="normalised and lower-cased, looked up"),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("full_name", sa.Text, nullable=False),
    sa.Column("user_type", sa.Text, nullable=False, server_default="student"),
    sa.Column("language", sa.Text, nullable=False, server_default="en"),
    sa.Column("learning_style", sa.Text),
    sa.Column("bio", sa.Text),
    sa.Column("avatar_url", sa.Text),
    sa.Column("timezone", sa.Text, nullable=False, server_default="UTC", comment="IANA name"),
    document("notification_preferences"),
    document("privacy_settings"),
    sealed("birth_date", sa.Text, comment="sealed; YYYY-MM-DD; null where nobody said"),
    sa.Column("consent", sa.Text, nullable=False, server_default="none_needed", comment="a parent's, for a child"),
    sa.Column("consent_due_at", moment, comment="erased from then on, unless a parent has agreed"),
    sa.Column("is_premium", sa.Boolean, nullable=False, server_default=sa.false(), comment="may ask more often"),
    sa.Column("is_active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("is_verified", sa.Boolean, nullable=False, server_default=sa.false()),
    happened(),
    happened("updated_at"),
    sa.Column("role_changed_at", moment, comment="by the database's clock; tokens issued before tell another role"),
    sa.Column("suspended_at", moment, comment="not active since, until a super admin lifts it"),
    sa.Column("erase_at", moment, comment="not active, and erased from then on; who signs in before takes it back"),
    sa.Index("ix_users_created_at", "created_at", "id"),
    sa.Index("ix_users_role_changed_at", "role_changed_at"),
    sa.Index("ix_users_erase_at", "erase_at", postgresql_where=sa.text("erase_at IS NOT NULL")),
    sa.Index("ix_users_consent_due_at", "consent_due_at", postgresql_where=sa.text("consent_due_at IS NOT NULL")),
    sa.CheckConstraint("consent IN ('none_needed','pending','given')", name="consent"),
    sa.CheckConstraint("user_type IN ('student','teacher','admin','super_admin')", name="user_type"),
)

auth_sessions = sa.Table(
    "auth_sessions",
    metadata,
    identity(),
    owner(),
    sa.Column("device", sa.Text, comment="what the client calls itself"),
    happened(),
    happened("last_used_at"),
    sa.Column("revoked_at", moment, comment="signed out: access and refresh tokens are refused"),
    sa.Column("revoked_for", sa.Text, comment="logout, signed_out_elsewhere, password_reset, password_changed"),
    sa.Column("refresh_revoked_at", moment, comment="a spent refresh token came again: access lasts until it expires"),
    sa.Index("ix_auth_sessions_user_id", "user_id"),
    sa.Index("ix_auth_sessions_revoked_at", "revoked_at"),
    sa.Index("ix_auth_sessions_refresh_revoked_at", "refresh_revoked_at"),
    comment="one row per signed-in device: a family of refresh tokens; access tokens name it as sid",
)

known_addresses = sa.Table(
    "known_addresses",
    metadata,
    owner(),
    sa.Column("digest", sa.LargeBinary, nullable=False, comment="blind index of the e-mail and the address"),
    sa.Column("seen_at", moment, nullable=False),
    sa.PrimaryKeyConstraint("user_id", "digest"),
    sa.Index("ix_known_addresses_seen_at", "seen_at"),
    comment="where the learner has signed in from: guesses elsewhere do not hold off who comes from there",
)

refresh_tokens = sa.Table(
    "refresh_tokens",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True, comment="SHA-256 of the token"),
    sa.Column("session_id", uuid, sa.ForeignKey("auth_sessions.id", ondelete="CASCADE"), nullable=False),
    happened(),
    sa.Column("expires_at", moment, nullable=False),
    sa.Column("spent_at", moment),
    sa.Index("ix_refresh_tokens_session_id", "session_id"),
)

mailed_tokens = sa.Table(
    "mailed_tokens",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True, comment="SHA-256 of the token"),
    sa.Column("purpose", sa.Text, nullable=False),
    owner(),
    sa.Column("email_key", sa.Text, nullable=False, comment="the address it was mailed to"),
    happened(),
    sa.Column("expires_at", moment, nullable=False),
    sa.CheckConstraint("purpose IN ('verify_email','reset_password')", name="purpose"),
    sa.Index("ix_mailed_tokens_user_id", "user_id"),
    sa.Index("ix_mailed_tokens_expires_at", "expires_at"),
    comment="each verifies an e-mail or sets a password, once; deleted by its use",
)

forgotten_passwords = sa.Table(
    "forgotten_passwords",
    metadata,
    identity(),
    sa.Column("email_key", sa.Text, nullable=False, comment="as it was asked for, whether there is an account or not"),
    happened(),
    sa.Index("ix_forgotten_passwords_created_at", "created_at"),
    comment="asked for and not answered yet: deleted in the transaction that posts the mail, or finds no account",
)

websocket_tickets = sa.Table(
    "websocket_tickets",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True, comment="SHA-256 of the ticket"),
    sa.Column("session_id", uuid, sa.ForeignKey("auth_sessions.id", ondelete="CASCADE"), nullable=False),
    sa.Column("token_expires_at", moment, nullable=False, comment="when the access token that asked for it ends"),
    sa.Column("expires_at", moment, nullable=False),
    sa.Index("ix_websocket_tickets_session_id", "session_id"),
    sa.Index("ix_websocket_tickets_expires_at", "expires_at"),
    comment="each opens one WebSocket as the session that asked for it; deleted by its use",
)

guardians = sa.Table(
    "guardians",
    metadata,
    sa.Column("user_id", uuid, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, comment="the child"),
    sealed("email", sa.Text, Sealing(index="email_index"), nullable=False),
    sa.Column("email_index", sa.LargeBinary, nullable=False, comment="blind index of the address"),
    sa.Column("language", sa.Text, nullable=False, comment="of the mails to them"),
    happened("asked_at"),
    sa.Column("consented_at", moment, comment="when they first agreed: from then on the child names nobody else"),
    sa.Index("ix_guardians_email_index", "email_index"),
    comment="a parent of each child under 13, as long as the child is",
)

guardian_links = sa.Table(
    "guardian_links",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True, comment="SHA-256 of the token"),
    sa.Column("purpose", sa.Text, nullable=False),
    owner(),
    happened(),
    sa.Column("expires_at", moment, nullable=False),
    sa.CheckConstraint("purpose IN ('agree','look_after')", name="purpose"),
    sa.Index("ix_guardian_links_user_id", "user_id"),
    sa.Index("ix_guardian_links_expires_at", "expires_at"),
    comment="mailed to parents: to agree, once; or to see and take away, for as long as it is good",
)

age_gates = sa.Table(
    "age_gates",
    metadata,
    sa.Column("address", sa.LargeBinary, primary_key=True, comment="blind index of an e-mail address"),
    sa.Column("until", moment, nullable=False),
    sa.Index("ix_age_gates_until", "until"),
    comment="addresses with which a child has registered: for a while nobody registers with them again",
)

agreements = sa.Table(
    "agreements",
    metadata,
    identity(),
    sa.Column("user_id", uuid, comment="null: erased since; no foreign key: the record outlives the account"),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False, comment="of its text"),
    sa.Column("language", sa.Text, nullable=False, comment="that it was read in"),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("means", sa.Text, nullable=False, comment="how it is known that it was them"),
    happened(),
    sa.Index("ix_agreements_user_id", "user_id", "created_at", "id"),
    sa.CheckConstraint("document IN ('terms','privacy','parental_consent')", name="document"),
    sa.CheckConstraint("act IN ('agreed','withdrawn')", name="act"),
    sa.CheckConstraint("by IN ('learner','parent')", name="by"),
    sa.CheckConstraint("means IN ('registration','email_plus')", name="means"),
    comment="who has agreed to which text, when; append-only, but for whose it is, which erasure clears",
)

APPEND_ONLY = """
CREATE FUNCTION agreements_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.user_id IS NULL THEN
        IF to_jsonb(NEW) - 'user_id' = to_jsonb(OLD) - 'user_id' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'agreements is append-only: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$
"""
REFUSE_CHANGES = """
CREATE TRIGGER agreements_append_only BEFORE UPDATE OR DELETE ON agreements
FOR EACH ROW EXECUTE FUNCTION agreements_append_only()
"""
REFUSE_EMPTYING = """
CREATE TRIGGER agreements_not_emptied BEFORE TRUNCATE ON agreements
FOR EACH STATEMENT EXECUTE FUNCTION agreements_append_only()
"""
for statement in (APPEND_ONLY, REFUSE_CHANGES, REFUSE_EMPTYING):
    sa.event.listen(agreements, "after_create", sa.DDL(statement.replace("%", "%%")))  # type: ignore[no-untyped-call]
