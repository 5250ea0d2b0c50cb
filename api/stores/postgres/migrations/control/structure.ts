// Generated from the migrations beside it by `npm run generate`; do not edit.
import type { SchemaStructure } from '../../schema-structure.ts'

export const controlStructure: SchemaStructure = {
  "api_keys": {
    "columns": {
      "id": "uuid",
      "tenant_id": "uuid",
      "name": "text",
      "prefix": "text",
      "hash": "text",
      "role": "text",
      "scope_kb_ids": "uuid[]",
      "rate_limit_per_minute": "integer",
      "managed_by": "text",
      "expires_at": "timestamp with time zone",
      "revoked_at": "timestamp with time zone",
      "last_used_at": "timestamp with time zone",
      "created_at": "timestamp with time zone"
    },
    "constraints": {
      "api_keys_hash_key": "UNIQUE (hash)",
      "api_keys_managed_by_check": "CHECK ((managed_by = ANY (ARRAY['api'::text, 'resource'::text])))",
      "api_keys_pkey": "PRIMARY KEY (id)",
      "api_keys_rate_limit_per_minute_check": "CHECK ((rate_limit_per_minute > 0))",
      "api_keys_role_check": "CHECK ((role = ANY (ARRAY['admin'::text, 'write'::text, 'read'::text])))",
      "api_keys_tenant_id_fkey": "FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE"
    },
    "indexes": {
      "api_keys_tenant": "CREATE INDEX api_keys_tenant ON api_keys USING btree (tenant_id)"
    }
  },
  "audit_log": {
    "columns": {
      "id": "bigint",
      "at": "timestamp with time zone",
      "actor_type": "text",
      "actor": "text",
      "tenant_id": "uuid",
      "action": "text",
      "target": "text",
      "outcome": "text",
      "request_id": "text",
      "detail": "jsonb"
    },
    "constraints": {
      "audit_log_actor_type_check": "CHECK ((actor_type = ANY (ARRAY['api-key'::text, 'admin'::text, 'operator'::text, 'system'::text, 'anonymous'::text])))",
      "audit_log_outcome_check": "CHECK ((outcome = ANY (ARRAY['success'::text, 'denied'::text, 'failure'::text])))",
      "audit_log_pkey": "PRIMARY KEY (id)"
    },
    "indexes": {
      "audit_log_at": "CREATE INDEX audit_log_at ON audit_log USING btree (at)",
      "audit_log_tenant": "CREATE INDEX audit_log_tenant ON audit_log USING btree (tenant_id, at)"
    }
  },
  "embedding_generations": {
    "columns": {
      "collection": "text",
      "alias": "text",
      "generation": "integer",
      "fingerprint": "text",
      "model": "text",
      "dimension": "integer",
      "distance": "text",
      "status": "text",
      "created_at": "timestamp with time zone"
    },
    "constraints": {
      "embedding_generations_alias_generation_key": "UNIQUE (alias, generation)",
      "embedding_generations_generation_check": "CHECK ((generation > 0))",
      "embedding_generations_pkey": "PRIMARY KEY (collection)",
      "embedding_generations_status_check": "CHECK ((status = ANY (ARRAY['building'::text, 'active'::text, 'retired'::text])))"
    },
    "indexes": {}
  },
  "isolation_moves": {
    "columns": {
      "tenant_id": "uuid",
      "source": "text",
      "target": "text",
      "phase": "text",
      "phase_at": "timestamp with time zone",
      "baseline": "jsonb",
      "begun_at": "timestamp with time zone",
      "last_point": "uuid",
      "copied": "bigint",
      "total": "bigint",
      "error": "text",
      "held_by": "uuid",
      "held_until": "timestamp with time zone",
      "request_id": "text",
      "created_at": "timestamp with time zone",
      "finished_at": "timestamp with time zone"
    },
    "constraints": {
      "isolation_moves_phase_check": "CHECK ((phase = ANY (ARRAY['copying'::text, 'catching-up'::text, 'settling'::text, 'clearing'::text, 'done'::text, 'cancelled'::text])))",
      "isolation_moves_pkey": "PRIMARY KEY (tenant_id)",
      "isolation_moves_tenant_id_fkey": "FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE"
    },
    "indexes": {
      "isolation_moves_unfinished": "CREATE INDEX isolation_moves_unfinished ON isolation_moves USING btree (held_until) WHERE (phase <> ALL (ARRAY['done'::text, 'cancelled'::text]))"
    }
  },
  "jobs": {
    "columns": {
      "id": "uuid",
      "tenant_id": "uuid",
      "kb_id": "uuid",
      "document_id": "uuid",
      "kind": "text",
      "status": "text",
      "stage": "text",
      "stages": "jsonb",
      "attempts": "integer",
      "error": "jsonb",
      "created_at": "timestamp with time zone",
      "updated_at": "timestamp with time zone",
      "finished_at": "timestamp with time zone"
    },
    "constraints": {
      "jobs_kind_check": "CHECK ((kind = ANY (ARRAY['ingest'::text, 'delete-document'::text, 'delete-knowledge-base'::text, 'calibrate'::text, 'summarize'::text])))",
      "jobs_pkey": "PRIMARY KEY (id)",
      "jobs_status_check": "CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text])))",
      "jobs_tenant_id_fkey": "FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE"
    },
    "indexes": {
      "jobs_document": "CREATE INDEX jobs_document ON jobs USING btree (document_id)",
      "jobs_given_up": "CREATE INDEX jobs_given_up ON jobs USING btree (tenant_id, kb_id) WHERE ((status = 'failed'::text) AND (kind = ANY (ARRAY['calibrate'::text, 'summarize'::text])))",
      "jobs_unfinished": "CREATE INDEX jobs_unfinished ON jobs USING btree (tenant_id, status) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text]))"
    }
  },
  "system_config": {
    "columns": {
      "key": "text",
      "value": "jsonb",
      "updated_at": "timestamp with time zone"
    },
    "constraints": {
      "system_config_pkey": "PRIMARY KEY (key)"
    },
    "indexes": {}
  },
  "tenants": {
    "columns": {
      "id": "uuid",
      "slug": "text",
      "display_name": "text",
      "plan": "text",
      "status": "text",
      "isolation": "text",
      "schema_name": "text",
      "collection": "text",
      "managed_by": "text",
      "owner": "jsonb",
      "quotas": "jsonb",
      "settings": "jsonb",
      "released_at": "timestamp with time zone",
      "created_at": "timestamp with time zone",
      "updated_at": "timestamp with time zone"
    },
    "constraints": {
      "tenants_isolation_check": "CHECK ((isolation = ANY (ARRAY['Auto'::text, 'Shared'::text, 'Dedicated'::text])))",
      "tenants_managed_by_check": "CHECK ((managed_by = ANY (ARRAY['api'::text, 'resource'::text])))",
      "tenants_pkey": "PRIMARY KEY (id)",
      "tenants_schema_name_key": "UNIQUE (schema_name)",
      "tenants_slug_key": "UNIQUE (slug)",
      "tenants_status_check": "CHECK ((status = ANY (ARRAY['active'::text, 'disabled'::text])))"
    },
    "indexes": {}
  },
  "usage": {
    "columns": {
      "tenant_id": "uuid",
      "day": "date",
      "metric": "text",
      "count": "bigint",
      "provider": "text",
      "model": "text"
    },
    "constraints": {
      "usage_pkey": "PRIMARY KEY (tenant_id, day, metric, provider, model)",
      "usage_tenant_id_fkey": "FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE"
    },
    "indexes": {}
  },
  "webhook_deliveries": {
    "columns": {
      "id": "uuid",
      "webhook_id": "uuid",
      "event": "text",
      "payload": "jsonb",
      "status": "text",
      "attempts": "integer",
      "next_attempt_at": "timestamp with time zone",
      "response_status": "integer",
      "error": "text",
      "created_at": "timestamp with time zone",
      "finished_at": "timestamp with time zone"
    },
    "constraints": {
      "webhook_deliveries_pkey": "PRIMARY KEY (id)",
      "webhook_deliveries_status_check": "CHECK ((status = ANY (ARRAY['pending'::text, 'delivered'::text, 'dead'::text])))",
      "webhook_deliveries_webhook_id_fkey": "FOREIGN KEY (webhook_id) REFERENCES webhooks(id) ON DELETE CASCADE"
    },
    "indexes": {
      "webhook_deliveries_due": "CREATE INDEX webhook_deliveries_due ON webhook_deliveries USING btree (next_attempt_at) WHERE (status = 'pending'::text)",
      "webhook_deliveries_finished": "CREATE INDEX webhook_deliveries_finished ON webhook_deliveries USING btree (finished_at) WHERE (status <> 'pending'::text)",
      "webhook_deliveries_list": "CREATE INDEX webhook_deliveries_list ON webhook_deliveries USING btree (webhook_id, created_at, id)"
    }
  },
  "webhooks": {
    "columns": {
      "id": "uuid",
      "tenant_id": "uuid",
      "url": "text",
      "description": "text",
      "events": "text[]",
      "secret": "text",
      "enabled": "boolean",
      "disabled_reason": "text",
      "created_at": "timestamp with time zone",
      "updated_at": "timestamp with time zone"
    },
    "constraints": {
      "webhooks_pkey": "PRIMARY KEY (id)",
      "webhooks_tenant_id_fkey": "FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE"
    },
    "indexes": {
      "webhooks_tenant": "CREATE INDEX webhooks_tenant ON webhooks USING btree (tenant_id, created_at, id)"
    }
  }
}
