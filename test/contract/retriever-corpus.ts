interface CorpusChunk {
  readonly topic: string
  readonly year: number
  readonly text: string
}

/** Small enough to read, large enough that a wrong order shows. */
export const corpus = {
  handbook: [
    {
      topic: 'keys',
      year: 2024,
      text: 'API keys are valid for ninety days and expire after that; a new one is minted before.',
    },
    {
      topic: 'roles',
      year: 2024,
      text: 'A key has one of three roles: admin, write or read. Admin keys manage other keys.',
    },
    {
      topic: 'backups',
      year: 2023,
      text: 'Every night a snapshot of the database is taken; backups are kept for thirty days.',
    },
    {
      topic: 'backups',
      year: 2024,
      text: 'Restoring a backup of the database takes about ten minutes and needs an operator.',
    },
    { topic: 'parts', year: 2022, text: 'The pump ZX-4711/b is replaced by the pump ZX-4712 from the spring on.' },
    {
      topic: 'travel',
      year: 2021,
      text: 'Travel costs are paid back within two weeks when the receipts are complete.',
    },
    {
      topic: 'network',
      year: 2020,
      text: 'The wireless network in the guest rooms has a password that changes every Monday.',
    },
    {
      topic: 'holidays',
      year: 2024,
      text: 'Employees have thirty days of holiday a year; five of them can be carried over.',
    },
  ],
  canteen: [
    { topic: 'menu', year: 2024, text: 'The canteen opens at noon. On Fridays there is fish, on Mondays soup.' },
    { topic: 'prices', year: 2024, text: 'A meal costs five euros; guests pay eight.' },
    { topic: 'keys-of-canteen', year: 2024, text: 'The keys of the kitchen hang beside the door.' },
  ],
  foreign: [
    {
      topic: 'foreign',
      year: 2024,
      text: 'The secret recipe of the other tenant: API keys of theirs are valid for ninety days.',
    },
    {
      topic: 'foreign',
      year: 2024,
      text: 'The secret recipe of the other tenant, part two: a database, its backups and ZX-4711/b.',
    },
  ],
} satisfies Record<string, readonly CorpusChunk[]>

export type Corpus = typeof corpus
