create table if not exists comfleet_schema (version bigint not null primary key, name varchar(100) not null, min_binary bigint not null, applied_at bigint not null);

create table if not exists "principal" ("id" varchar(36) collate "C" not null, "kind" text collate "C" not null, "name" text collate "C" not null, "description" text, "secret_hash" text collate "C", "grants" text not null, "created_at" bigint not null, "revoked_at" bigint, constraint "principal_pk" primary key ("id"));

create table if not exists "token" ("hash" text collate "C" not null, "principal_id" varchar(36) collate "C" not null, "purpose" text collate "C" not null, "created_at" bigint not null, "expires_at" bigint, "used_at" bigint, constraint "token_pk" primary key ("hash"));

create index if not exists "token_principal_id" on "token" ("principal_id");

create index if not exists "token_expires_at" on "token" ("expires_at");

create table if not exists "workflow_version" ("id" text collate "C" not null, "name" text collate "C" not null, "task_type" text collate "C" not null, "version" text collate "C" not null, "definition" text not null, "graph_hash" text collate "C" not null, "created_at" bigint not null, constraint "workflow_version_pk" primary key ("id"));

create index if not exists "workflow_version_name" on "workflow_version" ("name");

create table if not exists "graph" ("hash" text collate "C" not null, "size_bytes" bigint not null, "body" bytea not null, "created_at" bigint not null, constraint "graph_pk" primary key ("hash"));

create table if not exists "task" ("id" varchar(36) collate "C" not null, "owner_id" varchar(36) collate "C" not null, "project_id" varchar(36) collate "C", "state" text collate "C" not null, "version" bigint not null, "epoch" bigint not null, "priority" bigint not null, "accepted_seq" bigint not null, "task_type" text collate "C" not null, "name" text, "workflow_version_id" text collate "C", "workflow_name" text collate "C", "workflow_label" text collate "C", "graph_hash" text collate "C" not null, "parameters" text not null, "seed" text collate "C", "requirements" text not null, "lane" text collate "C" not null, "batch_id" varchar(36) collate "C", "batch_index" bigint, "held_reason" text collate "C", "due_at" bigint, "cancel_requested_at" bigint, "timeout_ms" bigint not null, "max_attempts" bigint not null, "attempt_count" bigint not null, "deaths" bigint not null, "worker_id" varchar(36) collate "C", "prompt_id" varchar(36) collate "C", "public_prompt_id" text collate "C", "door" text collate "C" not null, "file_name" text, "output_path" text, "error" text, "put_epoch" bigint not null, "created_at" bigint not null, "started_at" bigint, "ended_at" bigint, constraint "task_pk" primary key ("id"));

create index if not exists "task_state_due_at" on "task" ("state", "due_at");

create index if not exists "task_owner_id_id" on "task" ("owner_id", "id");

create index if not exists "task_batch_id_batch_index" on "task" ("batch_id", "batch_index");

create index if not exists "task_prompt_id" on "task" ("prompt_id");

create index if not exists "task_ended_at" on "task" ("ended_at");

create index if not exists "task_graph_hash" on "task" ("graph_hash");

create unique index if not exists "task_owner_id_public_prompt_id" on "task" ("owner_id", "public_prompt_id");

create table if not exists "attempt" ("id" varchar(36) collate "C" not null, "task_id" varchar(36) collate "C" not null, "owner_id" varchar(36) collate "C" not null, "number" bigint not null, "epoch" bigint not null, "worker_id" varchar(36) collate "C" not null, "prompt_id" varchar(36) collate "C" not null, "socket_id" text collate "C", "state" text collate "C" not null, "ending" text collate "C", "error" text, "created_at" bigint not null, "submitted_at" bigint, "started_at" bigint, "ended_at" bigint, constraint "attempt_pk" primary key ("id"));

create unique index if not exists "attempt_task_id_epoch" on "attempt" ("task_id", "epoch");

create unique index if not exists "attempt_prompt_id" on "attempt" ("prompt_id");

create index if not exists "attempt_state_worker_id" on "attempt" ("state", "worker_id");

create table if not exists "task_event" ("task_id" varchar(36) collate "C" not null, "number" bigint not null, "type" text collate "C" not null, "at" bigint not null, "state" text collate "C" not null, "actor" text collate "C" not null, "attempt_id" varchar(36) collate "C", "attempt_number" bigint, "worker_id" varchar(36) collate "C", "prompt_id" varchar(36) collate "C", "held_reason" text collate "C", "error" text, "details" text, constraint "task_event_pk" primary key ("task_id", "number"));

create table if not exists "batch" ("id" varchar(36) collate "C" not null, "owner_id" varchar(36) collate "C" not null, "name" text, "state" text collate "C" not null, "version" bigint not null, "priority" bigint not null, "total" bigint not null, "created_at" bigint not null, "ended_at" bigint, constraint "batch_pk" primary key ("id"));

create index if not exists "batch_owner_id_id" on "batch" ("owner_id", "id");

create table if not exists "blob" ("hash" text collate "C" not null, "size_bytes" bigint not null, "created_at" bigint not null, constraint "blob_pk" primary key ("hash"));

create table if not exists "asset" ("id" varchar(36) collate "C" not null, "owner_id" varchar(36) collate "C" not null, "task_id" varchar(36) collate "C", "attempt_id" varchar(36) collate "C", "node_id" text collate "C", "output_index" bigint not null, "kind" text collate "C" not null, "name" text not null, "content_type" text collate "C" not null, "size_bytes" bigint not null, "blob_hash" text collate "C" not null, "file_path" text, "width" bigint, "height" bigint, "tags" text, "created_at" bigint not null, "expires_at" bigint, "deleted_at" bigint, constraint "asset_pk" primary key ("id"));

create index if not exists "asset_task_id_output_index" on "asset" ("task_id", "output_index");

create index if not exists "asset_owner_id_kind_id" on "asset" ("owner_id", "kind", "id");

create index if not exists "asset_blob_hash" on "asset" ("blob_hash");

create index if not exists "asset_expires_at" on "asset" ("expires_at");

create table if not exists "idempotency" ("owner_id" varchar(36) collate "C" not null, "door" text collate "C" not null, "key" text collate "C" not null, "body_hash" text collate "C" not null, "subject_id" varchar(36) collate "C" not null, "created_at" bigint not null, constraint "idempotency_pk" primary key ("owner_id", "door", "key"));

create index if not exists "idempotency_created_at" on "idempotency" ("created_at");

create table if not exists "worker" ("id" varchar(36) collate "C" not null, "name" text collate "C" not null, "url" text collate "C" not null, "source" text collate "C" not null, "max_concurrent" bigint not null, "settings" text not null, "inventory" text, "object_info_hash" text collate "C", "maintenance" bigint not null, "created_at" bigint not null, "seen_at" bigint, "removed_at" bigint, constraint "worker_pk" primary key ("id"));

create index if not exists "worker_name" on "worker" ("name");

create table if not exists "instance" ("id" varchar(36) collate "C" not null, "name" text collate "C" not null, "folder" text not null, "port" bigint not null, "pid" bigint, "start_ticks" text collate "C", "boot_id" text collate "C", "marker" text collate "C" not null, "state" text collate "C" not null, "worker_id" varchar(36) collate "C", "restarts" bigint not null, "last_exit" text, "log_path" text, "created_at" bigint not null, "started_at" bigint, "heartbeat_at" bigint, constraint "instance_pk" primary key ("id"));

create unique index if not exists "instance_port" on "instance" ("port");

create table if not exists "task_secret" ("task_id" varchar(36) collate "C" not null, "sealed" bytea not null, "created_at" bigint not null, constraint "task_secret_pk" primary key ("task_id"));

create table if not exists "setting" ("name" text collate "C" not null, "value" text not null, constraint "setting_pk" primary key ("name"));

create table if not exists "overlay" ("name" text collate "C" not null, "value" text not null, "principal_id" varchar(36) collate "C" not null, "changed_at" bigint not null, constraint "overlay_pk" primary key ("name"));

create table if not exists "worker_event" ("id" varchar(36) collate "C" not null, "worker_id" varchar(36) collate "C" not null, "type" text collate "C" not null, "at" bigint not null, "cause" text not null, "details" text, "duration_ms" bigint, constraint "worker_event_pk" primary key ("id"));

create index if not exists "worker_event_worker_id_id" on "worker_event" ("worker_id", "id");

create index if not exists "worker_event_at" on "worker_event" ("at");

create table if not exists "worker_identity" ("worker_id" varchar(36) collate "C" not null, "url" text not null, "identity" text not null, "seen_at" bigint not null, constraint "worker_identity_pk" primary key ("worker_id"));

create table if not exists "task_input" ("task_id" varchar(36) collate "C" not null, "asset_id" varchar(36) collate "C" not null, constraint "task_input_pk" primary key ("task_id", "asset_id"));

create index if not exists "task_input_asset_id" on "task_input" ("asset_id");

create table if not exists "attempt_fingerprint" ("task_id" varchar(36) collate "C" not null, "attempt_id" varchar(36) collate "C" not null, "fingerprint" text not null, constraint "attempt_fingerprint_pk" primary key ("task_id", "attempt_id"));

alter table "graph" rename to "stored_text";

alter index if exists "graph_pk" rename to "stored_text_pk";

create table if not exists "task_warning" ("task_id" varchar(36) collate "C" not null, "source" text collate "C" not null, "warnings" text not null, "at" bigint not null, constraint "task_warning_pk" primary key ("task_id", "source"));

create index if not exists "task_state_id" on "task" ("state", "id");

alter table "principal" add column "login" text collate "C";

alter table "principal" add column "role" text collate "C";

alter table "principal" add column "secret_set_at" bigint;

alter table "principal" add column "last_sign_in_at" bigint;

alter table "token" add column "id" varchar(36) collate "C";

alter table "token" add column "name" text collate "C";

alter table "token" add column "scopes" text;

alter table "token" add column "address" text collate "C";

alter table "token" add column "user_agent" text;

alter table "token" add column "last_used_at" bigint;

create unique index if not exists "principal_login" on "principal" ("login");

create index if not exists "token_id" on "token" ("id");

create table if not exists "project" ("id" varchar(36) collate "C" not null, "owner_id" varchar(36) collate "C" not null, "name" text collate "C" not null, "description" text, "created_at" bigint not null, constraint "project_pk" primary key ("id"));

create index if not exists "project_owner_id" on "project" ("owner_id");

create table if not exists "project_member" ("project_id" varchar(36) collate "C" not null, "principal_id" varchar(36) collate "C" not null, "role" text collate "C" not null, "added_at" bigint not null, constraint "project_member_pk" primary key ("project_id", "principal_id"));

create index if not exists "project_member_principal_id" on "project_member" ("principal_id");

alter table "batch" add column "project_id" varchar(36) collate "C";

alter table "asset" add column "project_id" varchar(36) collate "C";

create index if not exists "task_project_id_id" on "task" ("project_id", "id");

create index if not exists "batch_project_id_id" on "batch" ("project_id", "id");

create index if not exists "asset_project_id_id" on "asset" ("project_id", "id");

alter table "principal" add column "oidc_key" text collate "C";

alter table "principal" add column "oidc_issuer" text;

alter table "principal" add column "oidc_subject" text;

create unique index if not exists "principal_oidc_key" on "principal" ("oidc_key");

create table if not exists "audit" ("id" varchar(36) collate "C" not null, "at" bigint not null, "action" text collate "C" not null, "outcome" text collate "C" not null, "code" text collate "C", "actor_id" varchar(36) collate "C", "actor_kind" text collate "C", "actor_name" text, "object_kind" text collate "C", "object_id" text collate "C", "object_name" text, "state_before" text, "state_after" text, "door" text collate "C" not null, "route" text collate "C", "address" text collate "C", "user_agent" text, "request_id" text collate "C", "left_out" bigint not null, constraint "audit_pk" primary key ("id"));

create index if not exists "audit_actor_id_id" on "audit" ("actor_id", "id");

create index if not exists "audit_object_id_id" on "audit" ("object_id", "id");

create index if not exists "audit_action_id" on "audit" ("action", "id");

create table if not exists "overlay_history" ("number" bigint not null, "name" text collate "C" not null, "value_before" text not null, "value_after" text not null, "is_reset" bigint not null, "principal_id" varchar(36) collate "C" not null, "changed_at" bigint not null, constraint "overlay_history_pk" primary key ("number"));

create index if not exists "overlay_history_name_number" on "overlay_history" ("name", "number");

create table if not exists "quota" ("subject_id" varchar(36) collate "C" not null, "subject_kind" text collate "C" not null, "limits" text not null, "changed_at" bigint not null, "changed_by" varchar(36) collate "C" not null, constraint "quota_pk" primary key ("subject_id"));

alter table "principal" add column "self_registered" bigint;

create index if not exists "task_owner_id_state" on "task" ("owner_id", "state");

create table if not exists "rollup" ("id" text collate "C" not null, "version" bigint not null, "day" text collate "C" not null, "owner_id" varchar(36) collate "C" not null, "project_id" varchar(36) collate "C", "workflow_name" text collate "C", "worker_id" varchar(36) collate "C", "succeeded" bigint not null, "failed" bigint not null, "canceled" bigint not null, "expired" bigint not null, "attempts" bigint not null, "waits" text not null, "runs" text not null, constraint "rollup_pk" primary key ("id"));

create index if not exists "rollup_day" on "rollup" ("day");
