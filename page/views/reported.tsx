/** What stands over the views of a report: when it was made, what has failed, what there was no room for. */
import type { ReportFrame } from '../../src/page/frames.ts';
import { linkTo } from '../route.ts';
import { time } from '../words.ts';

/** `isWhole`: with the errors, which stand on the first view. */
export function Reported({ report, isWhole }: { report: ReportFrame; isWhole: boolean }) {
  const { failure, leftOut, madeAtMs } = report;
  return (
    <section aria-label="This report">
      <p class="notice">
        A report of a broker as it was at {time(madeAtMs)} UTC.{' '}
        {leftOut.length === 0 ? 'All is in it.' : `Left out, for want of room: ${leftOut.join(', ')}.`}{' '}
        {failure === null || isWhole ? null : <a href={linkTo([])}>What has failed</a>}
      </p>
      {failure === null || !isWhole ? null : (
        <>
          <h2>{failure.test === '' ? 'What has failed' : failure.test}</h2>
          {failure.errors.map(({ message, stack }, index) => (
            <div key={String(index)}>
              <pre class="bad">{message}</pre>
              {stack === '' ? null : <pre>{stack}</pre>}
            </div>
          ))}
        </>
      )}
    </section>
  );
}
