create table if not exists comfleet_schema (version bigint not null primary key, name varchar(100) not null, min_binary bigint not null, applied_at bigint not null);

create table if not exists `principal` (`id` varchar(36) not null, `kind` varchar(191) not null, `name` varchar(191) not null, `description` longtext, `secret_hash` varchar(191), `grants` longtext not null, `created_at` bigint not null, `revoked_at` bigint, constraint `principal_pk` primary key (`id`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create table if not exists `token` (`hash` varchar(191) not null, `principal_id` varchar(36) not null, `purpose` varchar(191) not null, `created_at` bigint not null, `expires_at` bigint, `used_at` bigint, constraint `token_pk` primary key (`hash`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create index `token_principal_id` on `token` (`principal_id`);

create index `token_expires_at` on `token` (`expires_at`);

create table if not exists `workflow_version` (`id` varchar(191) not null, `name` varchar(191) not null, `task_type` varchar(191) not null, `version` varchar(191) not null, `definition` longtext not null, `graph_hash` varchar(191) not null, `created_at` bigint not null, constraint `workflow_version_pk` primary key (`id`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create index `workflow_version_name` on `workflow_version` (`name`);

create table if not exists `graph` (`hash` varchar(191) not null, `size_bytes` bigint not null, `body` longblob not null, `created_at` bigint not null, constraint `graph_pk` primary key (`hash`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create table if not exists `task` (`id` varchar(36) not null, `owner_id` varchar(36) not null, `project_id` varchar(36), `state` varchar(191) not null, `version` bigint not null, `epoch` bigint not null, `priority` bigint not null, `accepted_seq` bigint not null, `task_type` varchar(191) not null, `name` longtext, `workflow_version_id` varchar(191), `workflow_name` varchar(191), `workflow_label` varchar(191), `graph_hash` varchar(191) not null, `parameters` longtext not null, `seed` varchar(191), `requirements` longtext not null, `lane` varchar(191) not null, `batch_id` varchar(36), `batch_index` bigint, `held_reason` varchar(191), `due_at` bigint, `cancel_requested_at` bigint, `timeout_ms` bigint not null, `max_attempts` bigint not null, `attempt_count` bigint not null, `deaths` bigint not null, `worker_id` varchar(36), `prompt_id` varchar(36), `public_prompt_id` varchar(191), `door` varchar(191) not null, `file_name` longtext, `output_path` longtext, `error` longtext, `put_epoch` bigint not null, `created_at` bigint not null, `started_at` bigint, `ended_at` bigint, constraint `task_pk` primary key (`id`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create index `task_state_due_at` on `task` (`state`, `due_at`);

create index `task_owner_id_id` on `task` (`owner_id`, `id`);

create index `task_batch_id_batch_index` on `task` (`batch_id`, `batch_index`);

create index `task_prompt_id` on `task` (`prompt_id`);

create index `task_ended_at` on `task` (`ended_at`);

create index `task_graph_hash` on `task` (`graph_hash`);

create unique index `task_owner_id_public_prompt_id` on `task` (`owner_id`, `public_prompt_id`);

create table if not exists `attempt` (`id` varchar(36) not null, `task_id` varchar(36) not null, `owner_id` varchar(36) not null, `number` bigint not null, `epoch` bigint not null, `worker_id` varchar(36) not null, `prompt_id` varchar(36) not null, `socket_id` varchar(191), `state` varchar(191) not null, `ending` varchar(191), `error` longtext, `created_at` bigint not null, `submitted_at` bigint, `started_at` bigint, `ended_at` bigint, constraint `attempt_pk` primary key (`id`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create unique index `attempt_task_id_epoch` on `attempt` (`task_id`, `epoch`);

create unique index `attempt_prompt_id` on `attempt` (`prompt_id`);

create index `attempt_state_worker_id` on `attempt` (`state`, `worker_id`);

create table if not exists `task_event` (`task_id` varchar(36) not null, `number` bigint not null, `type` varchar(191) not null, `at` bigint not null, `state` varchar(191) not null, `actor` varchar(191) not null, `attempt_id` varchar(36), `attempt_number` bigint, `worker_id` varchar(36), `prompt_id` varchar(36), `held_reason` varchar(191), `error` longtext, `details` longtext, constraint `task_event_pk` primary key (`task_id`, `number`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create table if not exists `batch` (`id` varchar(36) not null, `owner_id` varchar(36) not null, `name` longtext, `state` varchar(191) not null, `version` bigint not null, `priority` bigint not null, `total` bigint not null, `created_at` bigint not null, `ended_at` bigint, constraint `batch_pk` primary key (`id`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create index `batch_owner_id_id` on `batch` (`owner_id`, `id`);

create table if not exists `blob` (`hash` varchar(191) not null, `size_bytes` bigint not null, `created_at` bigint not null, constraint `blob_pk` primary key (`hash`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create table if not exists `asset` (`id` varchar(36) not null, `owner_id` varchar(36) not null, `task_id` varchar(36), `attempt_id` varchar(36), `node_id` varchar(191), `output_index` bigint not null, `kind` varchar(191) not null, `name` longtext not null, `content_type` varchar(191) not null, `size_bytes` bigint not null, `blob_hash` varchar(191) not null, `file_path` longtext, `width` bigint, `height` bigint, `tags` longtext, `created_at` bigint not null, `expires_at` bigint, `deleted_at` bigint, constraint `asset_pk` primary key (`id`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create index `asset_task_id_output_index` on `asset` (`task_id`, `output_index`);

create index `asset_owner_id_kind_id` on `asset` (`owner_id`, `kind`, `id`);

create index `asset_blob_hash` on `asset` (`blob_hash`);

create index `asset_expires_at` on `asset` (`expires_at`);

create table if not exists `idempotency` (`owner_id` varchar(36) not null, `door` varchar(191) not null, `key` varchar(191) not null, `body_hash` varchar(191) not null, `subject_id` varchar(36) not null, `created_at` bigint not null, constraint `idempotency_pk` primary key (`owner_id`, `door`, `key`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create index `idempotency_created_at` on `idempotency` (`created_at`);

create table if not exists `worker` (`id` varchar(36) not null, `name` varchar(191) not null, `url` varchar(191) not null, `source` varchar(191) not null, `max_concurrent` bigint not null, `settings` longtext not null, `inventory` longtext, `object_info_hash` varchar(191), `maintenance` bigint not null, `created_at` bigint not null, `seen_at` bigint, `removed_at` bigint, constraint `worker_pk` primary key (`id`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create index `worker_name` on `worker` (`name`);

create table if not exists `instance` (`id` varchar(36) not null, `name` varchar(191) not null, `folder` longtext not null, `port` bigint not null, `pid` bigint, `start_ticks` varchar(191), `boot_id` varchar(191), `marker` varchar(191) not null, `state` varchar(191) not null, `worker_id` varchar(36), `restarts` bigint not null, `last_exit` longtext, `log_path` longtext, `created_at` bigint not null, `started_at` bigint, `heartbeat_at` bigint, constraint `instance_pk` primary key (`id`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create unique index `instance_port` on `instance` (`port`);

create table if not exists `task_secret` (`task_id` varchar(36) not null, `sealed` longblob not null, `created_at` bigint not null, constraint `task_secret_pk` primary key (`task_id`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create table if not exists `setting` (`name` varchar(191) not null, `value` longtext not null, constraint `setting_pk` primary key (`name`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create table if not exists `overlay` (`name` varchar(191) not null, `value` longtext not null, `principal_id` varchar(36) not null, `changed_at` bigint not null, constraint `overlay_pk` primary key (`name`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create table if not exists `worker_event` (`id` varchar(36) not null, `worker_id` varchar(36) not null, `type` varchar(191) not null, `at` bigint not null, `cause` longtext not null, `details` longtext, `duration_ms` bigint, constraint `worker_event_pk` primary key (`id`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create index `worker_event_worker_id_id` on `worker_event` (`worker_id`, `id`);

create index `worker_event_at` on `worker_event` (`at`);

create table if not exists `worker_identity` (`worker_id` varchar(36) not null, `url` longtext not null, `identity` longtext not null, `seen_at` bigint not null, constraint `worker_identity_pk` primary key (`worker_id`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create table if not exists `task_input` (`task_id` varchar(36) not null, `asset_id` varchar(36) not null, constraint `task_input_pk` primary key (`task_id`, `asset_id`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create index `task_input_asset_id` on `task_input` (`asset_id`);

create table if not exists `attempt_fingerprint` (`task_id` varchar(36) not null, `attempt_id` varchar(36) not null, `fingerprint` longtext not null, constraint `attempt_fingerprint_pk` primary key (`task_id`, `attempt_id`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

alter table `graph` rename to `stored_text`;

create table if not exists `task_warning` (`task_id` varchar(36) not null, `source` varchar(191) not null, `warnings` longtext not null, `at` bigint not null, constraint `task_warning_pk` primary key (`task_id`, `source`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create index `task_state_id` on `task` (`state`, `id`);

alter table `principal` add column `login` varchar(191);

alter table `principal` add column `role` varchar(191);

alter table `principal` add column `secret_set_at` bigint;

alter table `principal` add column `last_sign_in_at` bigint;

alter table `token` add column `id` varchar(36);

alter table `token` add column `name` varchar(191);

alter table `token` add column `scopes` longtext;

alter table `token` add column `address` varchar(191);

alter table `token` add column `user_agent` longtext;

alter table `token` add column `last_used_at` bigint;

create unique index `principal_login` on `principal` (`login`);

create index `token_id` on `token` (`id`);

create table if not exists `project` (`id` varchar(36) not null, `owner_id` varchar(36) not null, `name` varchar(191) not null, `description` longtext, `created_at` bigint not null, constraint `project_pk` primary key (`id`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create index `project_owner_id` on `project` (`owner_id`);

create table if not exists `project_member` (`project_id` varchar(36) not null, `principal_id` varchar(36) not null, `role` varchar(191) not null, `added_at` bigint not null, constraint `project_member_pk` primary key (`project_id`, `principal_id`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create index `project_member_principal_id` on `project_member` (`principal_id`);

alter table `batch` add column `project_id` varchar(36);

alter table `asset` add column `project_id` varchar(36);

create index `task_project_id_id` on `task` (`project_id`, `id`);

create index `batch_project_id_id` on `batch` (`project_id`, `id`);

create index `asset_project_id_id` on `asset` (`project_id`, `id`);

alter table `principal` add column `oidc_key` varchar(191);

alter table `principal` add column `oidc_issuer` longtext;

alter table `principal` add column `oidc_subject` longtext;

create unique index `principal_oidc_key` on `principal` (`oidc_key`);

create table if not exists `audit` (`id` varchar(36) not null, `at` bigint not null, `action` varchar(191) not null, `outcome` varchar(191) not null, `code` varchar(191), `actor_id` varchar(36), `actor_kind` varchar(191), `actor_name` longtext, `object_kind` varchar(191), `object_id` varchar(191), `object_name` longtext, `state_before` longtext, `state_after` longtext, `door` varchar(191) not null, `route` varchar(191), `address` varchar(191), `user_agent` longtext, `request_id` varchar(191), `left_out` bigint not null, constraint `audit_pk` primary key (`id`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create index `audit_actor_id_id` on `audit` (`actor_id`, `id`);

create index `audit_object_id_id` on `audit` (`object_id`, `id`);

create index `audit_action_id` on `audit` (`action`, `id`);

create table if not exists `overlay_history` (`number` bigint not null, `name` varchar(191) not null, `value_before` longtext not null, `value_after` longtext not null, `is_reset` bigint not null, `principal_id` varchar(36) not null, `changed_at` bigint not null, constraint `overlay_history_pk` primary key (`number`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create index `overlay_history_name_number` on `overlay_history` (`name`, `number`);

create table if not exists `quota` (`subject_id` varchar(36) not null, `subject_kind` varchar(191) not null, `limits` longtext not null, `changed_at` bigint not null, `changed_by` varchar(36) not null, constraint `quota_pk` primary key (`subject_id`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

alter table `principal` add column `self_registered` bigint;

create index `task_owner_id_state` on `task` (`owner_id`, `state`);

create table if not exists `rollup` (`id` varchar(191) not null, `version` bigint not null, `day` varchar(191) not null, `owner_id` varchar(36) not null, `project_id` varchar(36), `workflow_name` varchar(191), `worker_id` varchar(36), `succeeded` bigint not null, `failed` bigint not null, `canceled` bigint not null, `expired` bigint not null, `attempts` bigint not null, `waits` longtext not null, `runs` longtext not null, constraint `rollup_pk` primary key (`id`)) engine=InnoDB character set utf8mb4 collate utf8mb4_bin;

create index `rollup_day` on `rollup` (`day`);
