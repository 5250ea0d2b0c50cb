import type { BackupConfiguration } from '../../contract/backup.ts'
import { BucketPlace } from './bucket.ts'
import { FolderPlace } from './folder.ts'
import type { Place } from './place.ts'

export type { Place } from './place.ts'

/** Where BACKUP_DESTINATION says. */
export function openPlace(configuration: BackupConfiguration): Place {
  const { BACKUP_DESTINATION: destination } = configuration
  if (!destination.startsWith('s3://')) return new FolderPlace(destination)
  const [bucket = '', ...prefix] = destination.slice('s3://'.length).split('/').filter(part => part !== '') // prettier-ignore
  return new BucketPlace({
    bucket,
    prefix: prefix.join('/'),
    endpoint: configuration.BACKUP_S3_ENDPOINT,
    region: configuration.BACKUP_S3_REGION,
    accessKeyId: configuration.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: configuration.AWS_SECRET_ACCESS_KEY ?? '',
  })
}
