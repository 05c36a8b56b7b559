"""The audit log. A trigger keeps it append-only; one function, for erasure, may take a person's identity out of it."""

import sqlalchemy as sa

from lyo_rt.database.schema import document, happened, identity, metadata, uuid

audit_log = sa.Table(
    "audit_log",
    metadata,
    identity(),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("actor_id", uuid, comment="null: the command line, the server itself, or a person who was erased"),
    sa.Column("subject_id", uuid, comment="the person it was done to; no foreign key: the entry outlives them"),
    document("details"),
    sa.Column("request_id", sa.Text),
    happened(),
    sa.Index("ix_audit_log_created_at", "created_at", "id"),
    sa.Index("ix_audit_log_actor_id", "actor_id", "created_at", "id"),
    sa.Index("ix_audit_log_subject_id", "subject_id", "created_at", "id"),
    comment="append-only; erase_from_audit_log(person) clears identities",
)

APPEND_ONLY = """
CREATE FUNCTION audit_log_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('lyo.erasing_from_audit_log', true) = 'yes' THEN
        IF (NEW.id, NEW.act, NEW.created_at) = (OLD.id, OLD.act, OLD.created_at)
            AND NEW.request_id IS NOT DISTINCT FROM OLD.request_id
            AND (NEW.actor_id IS NULL OR NEW.actor_id = OLD.actor_id)
            AND (NEW.subject_id IS NULL OR NEW.subject_id = OLD.subject_id)
            AND (NEW.details = OLD.details OR NEW.details = '{}')
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'audit_log is append-only: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$
"""
REFUSE_CHANGES = """
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
FOR EACH ROW EXECUTE FUNCTION audit_log_append_only()
"""
REFUSE_EMPTYING = """
CREATE TRIGGER audit_log_not_emptied BEFORE TRUNCATE ON audit_log
FOR EACH STATEMENT EXECUTE FUNCTION audit_log_append_only()
"""
ERASE = """
CREATE FUNCTION erase_from_audit_log(person uuid) RETURNS bigint LANGUAGE plpgsql
SET lyo.erasing_from_audit_log = 'yes' AS $$
DECLARE
    entries bigint;
BEGIN
    UPDATE audit_log SET
        actor_id = nullif(actor_id, person),
        details = CASE WHEN subject_id = person THEN '{}' ELSE details END,
        subject_id = nullif(subject_id, person)
    WHERE actor_id = person OR subject_id = person;
    GET DIAGNOSTICS entries = ROW_COUNT;
    RETURN entries;
END $$
"""
for statement in (APPEND_ONLY, REFUSE_CHANGES, REFUSE_EMPTYING, ERASE):
    sa.event.listen(audit_log, "after_create", sa.DDL(statement.replace("%", "%%")))  # type: ignore[no-untyped-call]
