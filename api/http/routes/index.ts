import type { Route } from '../route.ts'
import { listAuditLogs } from './admin-audit-logs.ts'
import { getSystemConfig, replaceSystemConfig } from './admin-system-config.ts'
import { getTenantIsolation, moveTenant } from './admin-tenant-isolation.ts'
import { createTenantKey, listTenantKeys } from './admin-tenant-keys.ts'
import { createTenant, deleteTenant, disableTenant, enableTenant, getTenant, listTenants, updateTenant } from './admin-tenants.ts' // prettier-ignore
import { createApiKey, deleteApiKey, getApiKey, listApiKeys, revokeApiKey, rotateApiKey, updateApiKey } from './api-keys.ts' // prettier-ignore
import { docs, openApiRoute, root } from './description.ts'
import { createDocument, createDocuments, fetchDocument, uploadDocument } from './document-intake.ts'
import { deleteDocument, getDocument, getDocumentStatus, listChunks, listDocuments, reprocessDocument } from './documents.ts' // prettier-ignore
import { createKnowledgeBase, deleteKnowledgeBase, getKnowledgeBase, listKnowledgeBases, updateKnowledgeBase } from './knowledge-bases.ts' // prettier-ignore
import { mcp } from './mcp.ts'
import { metrics } from './metrics.ts'
import { chatCompletions } from './openai/chat-completions.ts'
import { embeddings } from './openai/embeddings.ts'
import { getModel, listModels } from './openai/models.ts'
import { health, ready } from './probes.ts'
import { rag } from './rag.ts'
import { retrieve } from './retrieve.ts'
import { getTenantUsage, getUsage } from './usage.ts'
import { createWebhook, deleteWebhook, getWebhook, listWebhookDeliveries, listWebhooks, testWebhook, updateWebhook } from './webhooks.ts' // prettier-ignore

/** Every endpoint there is: what Express serves, /openapi.json describes and the property tests call. */
export const routes: readonly Route[] = [
  retrieve,
  rag,
  chatCompletions,
  embeddings,
  listModels,
  getModel,
  mcp,
  listKnowledgeBases,
  createKnowledgeBase,
  getKnowledgeBase,
  updateKnowledgeBase,
  deleteKnowledgeBase,
  listDocuments,
  createDocument,
  uploadDocument,
  fetchDocument,
  createDocuments,
  getDocument,
  deleteDocument,
  listChunks,
  getDocumentStatus,
  reprocessDocument,
  listApiKeys,
  createApiKey,
  getApiKey,
  updateApiKey,
  deleteApiKey,
  revokeApiKey,
  rotateApiKey,
  listWebhooks,
  createWebhook,
  getWebhook,
  updateWebhook,
  deleteWebhook,
  testWebhook,
  listWebhookDeliveries,
  getUsage,
  listTenants,
  createTenant,
  getTenant,
  updateTenant,
  deleteTenant,
  disableTenant,
  enableTenant,
  getTenantUsage,
  getTenantIsolation,
  moveTenant,
  listTenantKeys,
  createTenantKey,
  getSystemConfig,
  replaceSystemConfig,
  listAuditLogs,
  health,
  ready,
  metrics,
  root,
  openApiRoute(() => routes),
  docs,
]
