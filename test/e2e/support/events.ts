import { eventually } from '../../support/eventually.ts'
import { kubectl } from './kubectl.ts'

/** The note of an Event about an object, once there is one that is as expected. */
export async function eventAbout(name: string, namespace: string, reason: string, expected: RegExp): Promise<string> {
  return eventually(
    async () => {
      const text = await kubectl(['get', 'events', '--namespace', namespace, '-o', 'json', '--field-selector', `reason=${reason},involvedObject.name=${name}`]) // prettier-ignore
      const notes = (JSON.parse(text) as { items: { message: string }[] }).items.map(({ message }) => message)
      const found = notes.find(note => expected.test(note))
      if (!found) throw new Error(`no Event ${reason} like ${expected.source}: ${JSON.stringify(notes)}`)
      return found
    },
    20_000,
    500,
  )
}
