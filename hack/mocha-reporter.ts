import mocha from 'mocha'

/** Mocha's spec reporter, with the closing line that CI reads: `N passed, N failed, N skipped`, alone and last. */
export default class SummaryReporter extends mocha.reporters.Spec {
  override epilogue(): void {
    super.epilogue()
    const { passes, failures, pending } = this.stats
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`)
  }
}
