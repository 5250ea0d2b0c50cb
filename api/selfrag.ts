import { doctor, DOCTOR_USAGE } from './doctor/doctor.ts'
import { maintain, MAINTAIN_USAGE } from './maintenance/maintain.ts'

/** `selfrag COMMAND`: what an operator of the service runs by hand or by cron (hack/selfrag, and /usr/local/bin in the image). */
const commands: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  doctor: args => doctor(args, process.env, text => void process.stdout.write(text)),
  maintain: args => maintain(args, process.env, text => void process.stderr.write(text)),
}

const [name = '', ...args] = process.argv.slice(2)
const command = commands[name]
if (command) process.exitCode = await command(args)
else {
  process.stderr.write(`usage: selfrag ${Object.keys(commands).join('|')} …\n\n${DOCTOR_USAGE}\n\n${MAINTAIN_USAGE}\n`)
  process.exitCode = 2
}
