import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type ServerProcess, startServer } from './child-process.ts'
import { freePort } from './free-port.ts'
import { onTeardown } from './teardown.ts'
import { toolPath } from './tool.ts'

const run = promisify(execFile)
const source = join(import.meta.dirname, '../../config/nginx')

/** config/nginx in a real nginx on 127.0.0.1, filled in as the image of nginx does it; only ports and paths are others. */
export interface TestNginx {
  readonly http: number
  readonly https: number
  /** What `nginx -t` says. */
  readonly check: string
  /** Lines of the access log. */
  log(): Promise<string[]>
  stop(): Promise<void>
}

/** @throws MissingPart */
export async function startNginx(apiPort: number, changed: Readonly<Record<string, string>> = {}): Promise<TestNginx> {
  const program = await toolPath('nginx')
  const folder = await mkdtemp(join(tmpdir(), 'selfrag-nginx-'))
  // Its workers run as nobody.
  await chmod(folder, 0o755)
  const [http, https, health] = [await freePort(), await freePort(), await freePort()]
  await cp(join(source, 'selfrag'), join(folder, 'selfrag'), { recursive: true })
  for (const [file, content] of Object.entries(changed)) await writeFile(join(folder, file), content)
  await makeCertificate(join(folder, 'tls'))
  await writeFile(join(folder, 'mime.types'), 'types { application/json json; }')
  const site = fill(await readFile(join(source, 'templates/selfrag.conf.template'), 'utf8'), {
    SERVER_NAME: 'api.test',
    API_ADDRESS: `127.0.0.1:${apiPort}`,
    NGINX_LOCAL_RESOLVERS: '127.0.0.1',
  })
  const moved = site
    .replaceAll('listen 80', `listen 127.0.0.1:${http}`)
    .replaceAll('listen 443', `listen 127.0.0.1:${https}`)
    .replaceAll('127.0.0.1:8081', `127.0.0.1:${health}`)
  await mkdir(join(folder, 'conf.d'))
  await writeFile(join(folder, 'conf.d/selfrag.conf'), moved)
  const main = (await readFile(join(source, 'nginx.conf'), 'utf8')).replaceAll('/tmp/nginx', `${folder}/nginx`)
  await writeFile(join(folder, 'nginx.conf'), main.replace('/dev/stdout', `${folder}/access.log`).replace('worker_processes auto', 'worker_processes 1')) // prettier-ignore
  const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr']
  const { stderr } = await run(program, [...args, '-t'])
  const server: ServerProcess = startServer(program, [...args, '-g', 'daemon off;'], join(folder, 'error.log'))
  const stop = async () => {
    await server.stop('SIGQUIT')
    await rm(folder, { recursive: true, force: true })
  }
  onTeardown(stop)
  const log = async () => (await readFile(join(folder, 'access.log'), 'utf8')).split('\n').filter(line => line !== '')
  return { http, https, check: stderr, log, stop }
}

/** As envsubst: variables that are set are filled in, nginx's own `$name` stay. */
function fill(template: string, variables: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\$\{([A-Z_]+)\}/g, (whole, name: string) => variables[name] ?? whole)
}

async function makeCertificate(folder: string): Promise<void> {
  await mkdir(folder)
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj', '/CN=api.test', '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')]) // prettier-ignore
}
