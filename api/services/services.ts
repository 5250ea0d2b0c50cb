import type { AnsweringService } from './answering.ts'
import type { ApiKeyService } from './api-keys.ts'
import type { AuditService } from './audit.ts'
import type { DocumentService } from './documents.ts'
import type { EmbeddingService } from './embeddings.ts'
import type { KnowledgeBaseService } from './knowledge-bases.ts'
import type { ModelCatalogue } from './model-catalogue.ts'
import type { ReadinessService } from './readiness.ts'
import type { RequestModels } from './request-models.ts'
import type { RetrievalService } from './retrieval.ts'
import type { StatisticsService } from './statistics.ts'
import type { SystemConfigService } from './system-config.ts'
import type { TenantService } from './tenants.ts'
import type { UsageService } from './usage.ts'
import type { WebhookService } from './webhooks.ts'

/** What the product can do, whoever asks; made once in application.ts. */
export interface Services {
  readonly tenants: TenantService
  readonly apiKeys: ApiKeyService
  readonly knowledgeBases: KnowledgeBaseService
  readonly documents: DocumentService
  readonly retrieval: RetrievalService
  readonly answering: AnsweringService
  readonly embeddings: EmbeddingService
  readonly models: ModelCatalogue
  readonly requestModels: RequestModels
  readonly webhooks: WebhookService
  readonly usage: UsageService
  readonly audit: AuditService
  readonly systemConfig: SystemConfigService
  readonly readiness: ReadinessService
  readonly statistics: StatisticsService
  /** Of the product. */
  readonly version: string
}
