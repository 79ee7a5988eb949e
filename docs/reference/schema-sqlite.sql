create table if not exists comfleet_schema (version integer not null primary key, name varchar(100) not null, min_binary integer not null, applied_at integer not null);

create table if not exists "principal" ("id" text not null, "kind" text not null, "name" text not null, "description" text, "secret_hash" text, "grants" text not null, "created_at" integer not null, "revoked_at" integer, constraint "principal_pk" primary key ("id"));

create table if not exists "token" ("hash" text not null, "principal_id" text not null, "purpose" text not null, "created_at" integer not null, "expires_at" integer, "used_at" integer, constraint "token_pk" primary key ("hash"));

create index if not exists "token_principal_id" on "token" ("principal_id");

create index if not exists "token_expires_at" on "token" ("expires_at");

create table if not exists "workflow_version" ("id" text not null, "name" text not null, "task_type" text not null, "version" text not null, "definition" text not null, "graph_hash" text not null, "created_at" integer not null, constraint "workflow_version_pk" primary key ("id"));

create index if not exists "workflow_version_name" on "workflow_version" ("name");

create table if not exists "graph" ("hash" text not null, "size_bytes" integer not null, "body" blob not null, "created_at" integer not null, constraint "graph_pk" primary key ("hash"));

create table if not exists "task" ("id" text not null, "owner_id" text not null, "project_id" text, "state" text not null, "version" integer not null, "epoch" integer not null, "priority" integer not null, "accepted_seq" integer not null, "task_type" text not null, "name" text, "workflow_version_id" text, "workflow_name" text, "workflow_label" text, "graph_hash" text not null, "parameters" text not null, "seed" text, "requirements" text not null, "lane" text not null, "batch_id" text, "batch_index" integer, "held_reason" text, "due_at" integer, "cancel_requested_at" integer, "timeout_ms" integer not null, "max_attempts" integer not null, "attempt_count" integer not null, "deaths" integer not null, "worker_id" text, "prompt_id" text, "public_prompt_id" text, "door" text not null, "file_name" text, "output_path" text, "error" text, "put_epoch" integer not null, "created_at" integer not null, "started_at" integer, "ended_at" integer, constraint "task_pk" primary key ("id"));

create index if not exists "task_state_due_at" on "task" ("state", "due_at");

create index if not exists "task_owner_id_id" on "task" ("owner_id", "id");

create index if not exists "task_batch_id_batch_index" on "task" ("batch_id", "batch_index");

create index if not exists "task_prompt_id" on "task" ("prompt_id");

create index if not exists "task_ended_at" on "task" ("ended_at");

create index if not exists "task_graph_hash" on "task" ("graph_hash");

create unique index if not exists "task_owner_id_public_prompt_id" on "task" ("owner_id", "public_prompt_id");

create table if not exists "attempt" ("id" text not null, "task_id" text not null, "owner_id" text not null, "number" integer not null, "epoch" integer not null, "worker_id" text not null, "prompt_id" text not null, "socket_id" text, "state" text not null, "ending" text, "error" text, "created_at" integer not null, "submitted_at" integer, "started_at" integer, "ended_at" integer, constraint "attempt_pk" primary key ("id"));

create unique index if not exists "attempt_task_id_epoch" on "attempt" ("task_id", "epoch");

create unique index if not exists "attempt_prompt_id" on "attempt" ("prompt_id");

create index if not exists "attempt_state_worker_id" on "attempt" ("state", "worker_id");

create table if not exists "task_event" ("task_id" text not null, "number" integer not null, "type" text not null, "at" integer not null, "state" text not null, "actor" text not null, "attempt_id" text, "attempt_number" integer, "worker_id" text, "prompt_id" text, "held_reason" text, "error" text, "details" text, constraint "task_event_pk" primary key ("task_id", "number"));

create table if not exists "batch" ("id" text not null, "owner_id" text not null, "name" text, "state" text not null, "version" integer not null, "priority" integer not null, "total" integer not null, "created_at" integer not null, "ended_at" integer, constraint "batch_pk" primary key ("id"));

create index if not exists "batch_owner_id_id" on "batch" ("owner_id", "id");

create table if not exists "blob" ("hash" text not null, "size_bytes" integer not null, "created_at" integer not null, constraint "blob_pk" primary key ("hash"));

create table if not exists "asset" ("id" text not null, "owner_id" text not null, "task_id" text, "attempt_id" text, "node_id" text, "output_index" integer not null, "kind" text not null, "name" text not null, "content_type" text not null, "size_bytes" integer not null, "blob_hash" text not null, "file_path" text, "width" integer, "height" integer, "tags" text, "created_at" integer not null, "expires_at" integer, "deleted_at" integer, constraint "asset_pk" primary key ("id"));

create index if not exists "asset_task_id_output_index" on "asset" ("task_id", "output_index");

create index if not exists "asset_owner_id_kind_id" on "asset" ("owner_id", "kind", "id");

create index if not exists "asset_blob_hash" on "asset" ("blob_hash");

create index if not exists "asset_expires_at" on "asset" ("expires_at");

create table if not exists "idempotency" ("owner_id" text not null, "door" text not null, "key" text not null, "body_hash" text not null, "subject_id" text not null, "created_at" integer not null, constraint "idempotency_pk" primary key ("owner_id", "door", "key"));

create index if not exists "idempotency_created_at" on "idempotency" ("created_at");

create table if not exists "worker" ("id" text not null, "name" text not null, "url" text not null, "source" text not null, "max_concurrent" integer not null, "settings" text not null, "inventory" text, "object_info_hash" text, "maintenance" integer not null, "created_at" integer not null, "seen_at" integer, "removed_at" integer, constraint "worker_pk" primary key ("id"));

create index if not exists "worker_name" on "worker" ("name");

create table if not exists "instance" ("id" text not null, "name" text not null, "folder" text not null, "port" integer not null, "pid" integer, "start_ticks" text, "boot_id" text, "marker" text not null, "state" text not null, "worker_id" text, "restarts" integer not null, "last_exit" text, "log_path" text, "created_at" integer not null, "started_at" integer, "heartbeat_at" integer, constraint "instance_pk" primary key ("id"));

create unique index if not exists "instance_port" on "instance" ("port");

create table if not exists "task_secret" ("task_id" text not null, "sealed" blob not null, "created_at" integer not null, constraint "task_secret_pk" primary key ("task_id"));

create table if not exists "setting" ("name" text not null, "value" text not null, constraint "setting_pk" primary key ("name"));

create table if not exists "overlay" ("name" text not null, "value" text not null, "principal_id" text not null, "changed_at" integer not null, constraint "overlay_pk" primary key ("name"));

create table if not exists "worker_event" ("id" text not null, "worker_id" text not null, "type" text not null, "at" integer not null, "cause" text not null, "details" text, "duration_ms" integer, constraint "worker_event_pk" primary key ("id"));

create index if not exists "worker_event_worker_id_id" on "worker_event" ("worker_id", "id");

create index if not exists "worker_event_at" on "worker_event" ("at");

create table if not exists "worker_identity" ("worker_id" text not null, "url" text not null, "identity" text not null, "seen_at" integer not null, constraint "worker_identity_pk" primary key ("worker_id"));

create table if not exists "task_input" ("task_id" text not null, "asset_id" text not null, constraint "task_input_pk" primary key ("task_id", "asset_id"));

create index if not exists "task_input_asset_id" on "task_input" ("asset_id");

create table if not exists "attempt_fingerprint" ("task_id" text not null, "attempt_id" text not null, "fingerprint" text not null, constraint "attempt_fingerprint_pk" primary key ("task_id", "attempt_id"));

alter table "graph" rename to "stored_text";

create table if not exists "task_warning" ("task_id" text not null, "source" text not null, "warnings" text not null, "at" integer not null, constraint "task_warning_pk" primary key ("task_id", "source"));

create index if not exists "task_state_id" on "task" ("state", "id");

alter table "principal" add column "login" text;

alter table "principal" add column "role" text;

alter table "principal" add column "secret_set_at" integer;

alter table "principal" add column "last_sign_in_at" integer;

alter table "token" add column "id" text;

alter table "token" add column "name" text;

alter table "token" add column "scopes" text;

alter table "token" add column "address" text;

alter table "token" add column "user_agent" text;

alter table "token" add column "last_used_at" integer;

create unique index if not exists "principal_login" on "principal" ("login");

create index if not exists "token_id" on "token" ("id");

create table if not exists "project" ("id" text not null, "owner_id" text not null, "name" text not null, "description" text, "created_at" integer not null, constraint "project_pk" primary key ("id"));

create index if not exists "project_owner_id" on "project" ("owner_id");

create table if not exists "project_member" ("project_id" text not null, "principal_id" text not null, "role" text not null, "added_at" integer not null, constraint "project_member_pk" primary key ("project_id", "principal_id"));

create index if not exists "project_member_principal_id" on "project_member" ("principal_id");

alter table "batch" add column "project_id" text;

alter table "asset" add column "project_id" text;

create index if not exists "task_project_id_id" on "task" ("project_id", "id");

create index if not exists "batch_project_id_id" on "batch" ("project_id", "id");

create index if not exists "asset_project_id_id" on "asset" ("project_id", "id");

alter table "principal" add column "oidc_key" text;

alter table "principal" add column "oidc_issuer" text;

alter table "principal" add column "oidc_subject" text;

create unique index if not exists "principal_oidc_key" on "principal" ("oidc_key");

create table if not exists "audit" ("id" text not null, "at" integer not null, "action" text not null, "outcome" text not null, "code" text, "actor_id" text, "actor_kind" text, "actor_name" text, "object_kind" text, "object_id" text, "object_name" text, "state_before" text, "state_after" text, "door" text not null, "route" text, "address" text, "user_agent" text, "request_id" text, "left_out" integer not null, constraint "audit_pk" primary key ("id"));

create index if not exists "audit_actor_id_id" on "audit" ("actor_id", "id");

create index if not exists "audit_object_id_id" on "audit" ("object_id", "id");

create index if not exists "audit_action_id" on "audit" ("action", "id");

create table if not exists "overlay_history" ("number" integer not null, "name" text not null, "value_before" text not null, "value_after" text not null, "is_reset" integer not null, "principal_id" text not null, "changed_at" integer not null, constraint "overlay_history_pk" primary key ("number"));

create index if not exists "overlay_history_name_number" on "overlay_history" ("name", "number");

create table if not exists "quota" ("subject_id" text not null, "subject_kind" text not null, "limits" text not null, "changed_at" integer not null, "changed_by" text not null, constraint "quota_pk" primary key ("subject_id"));

alter table "principal" add column "self_registered" integer;

create index if not exists "task_owner_id_state" on "task" ("owner_id", "state");

create table if not exists "rollup" ("id" text not null, "version" integer not null, "day" text not null, "owner_id" text not null, "project_id" text, "workflow_name" text, "worker_id" text, "succeeded" integer not null, "failed" integer not null, "canceled" integer not null, "expired" integer not null, "attempts" integer not null, "waits" text not null, "runs" text not null, constraint "rollup_pk" primary key ("id"));

create index if not exists "rollup_day" on "rollup" ("day");
