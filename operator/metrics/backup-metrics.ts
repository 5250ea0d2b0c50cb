import { Gauge, type Registry } from 'prom-client'

/** The CronJob of a pipeline's backups, as far as metrics tell of it. */
export interface MeasuredBackup {
  readonly namespace: string
  /** Of the pipeline. */
  readonly name: string
  /** RFC 3339; absent before the first time. */
  readonly lastSchedule: string | undefined
  readonly lastSuccess: string | undefined
}

/** Made anew at each scrape, so that a pipeline that asks for no backups any more is gone here too. */
export function backupMetrics(registers: Registry[], backups: () => readonly MeasuredBackup[]): void {
  const labelNames = ['namespace', 'name'] as const
  new Gauge({
    name: 'selfrag_operator_backup_last_schedule_timestamp_seconds',
    help: 'When a backup of a RagPipeline was begun last by its schedule; no series before the first time.',
    labelNames,
    registers,
    collect() {
      this.reset()
      for (const { namespace, name, lastSchedule } of backups())
        if (lastSchedule !== undefined) this.set({ namespace, name }, seconds(lastSchedule))
    },
  })
  new Gauge({
    name: 'selfrag_operator_backup_last_success_timestamp_seconds',
    help: 'When a backup of a RagPipeline was complete last; 0 before the first time.',
    labelNames,
    registers,
    collect() {
      this.reset()
      for (const { namespace, name, lastSuccess } of backups())
        this.set({ namespace, name }, lastSuccess === undefined ? 0 : seconds(lastSuccess))
    },
  })
}

function seconds(time: string): number {
  return Date.parse(time) / 1000
}
