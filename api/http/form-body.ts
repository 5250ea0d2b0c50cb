/** A multipart form: its fields, validated, and its one file. */
export interface FormBody<F> {
  readonly fields: F
  readonly file: UploadedFile
}

export interface UploadedFile {
  /** The base name that the client gave; never a path. */
  readonly filename: string
  /** What the client says it is, without parameters; `application/octet-stream` when it says nothing. */
  readonly mediaType: string
  readonly bytes: Buffer
}
