// Generated from the migrations beside it by `npm run generate`; do not edit.
import type { SchemaStructure } from '../../schema-structure.ts'

export const tenantStructure: SchemaStructure = {
  "chunk_drafts": {
    "columns": {
      "id": "uuid",
      "document_id": "uuid",
      "kb_id": "uuid",
      "position": "integer",
      "text": "text",
      "start_offset": "integer",
      "end_offset": "integer",
      "metadata": "jsonb",
      "terms": "integer[]",
      "frequencies": "integer[]",
      "length": "integer",
      "embedding": "bytea",
      "embedded_by": "text",
      "context": "text"
    },
    "constraints": {
      "chunk_drafts_document_id_fkey": "FOREIGN KEY (document_id) REFERENCES documents(id) ON DELETE CASCADE",
      "chunk_drafts_document_id_position_key": "UNIQUE (document_id, \"position\")",
      "chunk_drafts_pkey": "PRIMARY KEY (id)"
    },
    "indexes": {
      "chunk_drafts_kb_id_idx": "CREATE INDEX chunk_drafts_kb_id_idx ON chunk_drafts USING btree (kb_id)"
    }
  },
  "chunks": {
    "columns": {
      "id": "uuid",
      "document_id": "uuid",
      "kb_id": "uuid",
      "position": "integer",
      "text": "text",
      "start_offset": "integer",
      "end_offset": "integer",
      "metadata": "jsonb",
      "terms": "integer[]",
      "frequencies": "integer[]",
      "length": "integer",
      "context": "text"
    },
    "constraints": {
      "chunks_document_id_fkey": "FOREIGN KEY (document_id) REFERENCES documents(id) ON DELETE CASCADE",
      "chunks_document_id_position_key": "UNIQUE (document_id, \"position\")",
      "chunks_pkey": "PRIMARY KEY (id)"
    },
    "indexes": {
      "chunks_kb": "CREATE INDEX chunks_kb ON chunks USING btree (kb_id)"
    }
  },
  "document_sources": {
    "columns": {
      "document_id": "uuid",
      "bytes": "bytea",
      "parsed_text": "text",
      "sections": "jsonb"
    },
    "constraints": {
      "document_sources_document_id_fkey": "FOREIGN KEY (document_id) REFERENCES documents(id) ON DELETE CASCADE",
      "document_sources_pkey": "PRIMARY KEY (document_id)"
    },
    "indexes": {}
  },
  "documents": {
    "columns": {
      "id": "uuid",
      "kb_id": "uuid",
      "external_id": "text",
      "title": "text",
      "metadata": "jsonb",
      "content_hash": "text",
      "media_type": "text",
      "filename": "text",
      "size_bytes": "bigint",
      "revision": "integer",
      "status": "text",
      "error": "jsonb",
      "chunking_fingerprint": "text",
      "chunk_count": "integer",
      "job_id": "uuid",
      "created_at": "timestamp with time zone",
      "updated_at": "timestamp with time zone",
      "summary": "text"
    },
    "constraints": {
      "documents_kb_id_content_hash_key": "UNIQUE (kb_id, content_hash)",
      "documents_kb_id_external_id_key": "UNIQUE (kb_id, external_id)",
      "documents_kb_id_fkey": "FOREIGN KEY (kb_id) REFERENCES knowledge_bases(id) ON DELETE CASCADE",
      "documents_pkey": "PRIMARY KEY (id)",
      "documents_status_check": "CHECK ((status = ANY (ARRAY['queued'::text, 'processing'::text, 'ready'::text, 'failed'::text, 'deleting'::text])))"
    },
    "indexes": {
      "documents_list": "CREATE INDEX documents_list ON documents USING btree (kb_id, created_at, id)"
    }
  },
  "idempotency_keys": {
    "columns": {
      "key": "text",
      "request_hash": "text",
      "response": "jsonb",
      "created_at": "timestamp with time zone"
    },
    "constraints": {
      "idempotency_keys_pkey": "PRIMARY KEY (key)"
    },
    "indexes": {}
  },
  "knowledge_bases": {
    "columns": {
      "id": "uuid",
      "name": "text",
      "description": "text",
      "chunking": "jsonb",
      "retrieval": "jsonb",
      "settings": "jsonb",
      "managed_by": "text",
      "version": "bigint",
      "deleted_at": "timestamp with time zone",
      "created_at": "timestamp with time zone",
      "updated_at": "timestamp with time zone"
    },
    "constraints": {
      "knowledge_bases_managed_by_check": "CHECK ((managed_by = ANY (ARRAY['api'::text, 'resource'::text])))",
      "knowledge_bases_name_key": "UNIQUE (name)",
      "knowledge_bases_pkey": "PRIMARY KEY (id)"
    },
    "indexes": {}
  },
  "lexical_statistics": {
    "columns": {
      "kb_id": "uuid",
      "chunk_count": "integer",
      "average_length": "real",
      "weighted_with": "real",
      "reweighing": "boolean",
      "terms": "integer[]",
      "frequencies": "integer[]",
      "updated_at": "timestamp with time zone",
      "leg_worth": "jsonb"
    },
    "constraints": {
      "lexical_statistics_kb_id_fkey": "FOREIGN KEY (kb_id) REFERENCES knowledge_bases(id) ON DELETE CASCADE",
      "lexical_statistics_pkey": "PRIMARY KEY (kb_id)"
    },
    "indexes": {}
  },
  "summaries": {
    "columns": {
      "id": "uuid",
      "kb_id": "uuid",
      "level": "integer",
      "source": "text",
      "text": "text",
      "chunk_ids": "uuid[]",
      "embedding": "bytea",
      "embedded_by": "text",
      "live": "boolean",
      "created_at": "timestamp with time zone"
    },
    "constraints": {
      "summaries_kb_id_fkey": "FOREIGN KEY (kb_id) REFERENCES knowledge_bases(id) ON DELETE CASCADE",
      "summaries_kb_id_source_embedded_by_key": "UNIQUE (kb_id, source, embedded_by)",
      "summaries_pkey": "PRIMARY KEY (id)"
    },
    "indexes": {
      "summaries_chunks": "CREATE INDEX summaries_chunks ON summaries USING gin (chunk_ids)"
    }
  }
}
