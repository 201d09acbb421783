import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { ResponseOf } from '../../../server/index.ts';
import { counted, figure, percent } from '../../ui/figures.ts';
import { Scroll } from '../../ui/scroll.tsx';
import { Loaded } from '../../ui/state.tsx';
import { answersQuery } from './queries.ts';

type Question = ResponseOf<'GET /api/projects/{project}/answers'>['questions'][number];

/** Raters who get a column of their own. */
const MOST_RATERS = 12;

function OneQuestion({ project, question }: { readonly project: string; readonly question: Question }): ReactNode {
  const { title, kind, n, answers, others, raters } = question;
  const total = answers.reduce((sum, answer) => sum + answer.n, 0) + others;
  const shown = raters.length <= MOST_RATERS ? raters : [];
  return (
    <section>
      <h3>{title}</h3>
      <p className="soft small">
        {kind}, {counted(n, 'answer')} of {counted(raters.length, 'rater')}
        {shown.length < raters.length && '; too many raters for columns'}
      </p>
      {answers.length > 0 && (
        <Scroll name={`Answers to ${title}`}>
          <table>
            <thead>
              <tr>
                <th scope="col">Answer</th>
                <th scope="col" className="number">
                  Times
                </th>
                <th scope="col">Share</th>
                {shown.map((rater) => (
                  <th key={rater} scope="col" className="number">
                    {rater}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {answers.map(({ text, n: times, by }) => (
                <tr key={text}>
                  <th scope="row">
                    {kind === 'comparison' || kind === 'ranking' ? (
                      <Link to="/projects/$project/items" params={{ project }} search={{ answer: text }}>
                        {text}
                      </Link>
                    ) : (
                      text
                    )}
                  </th>
                  <td className="number">{figure(times)}</td>
                  <td>
                    <meter value={times} max={Math.max(1, total)} aria-label={`Share of ${text}`} />{' '}
                    {percent(times / Math.max(1, total))}
                  </td>
                  {shown.map((rater, i) => (
                    <td key={rater} className="number">
                      {figure(by[i])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {others > 0 && <p className="soft small">{counted(others, 'other answer')} besides.</p>}
    </section>
  );
}

/** What was answered, before anything is made of it. */
export function AnswerCounts({ project }: { readonly project: string }): ReactNode {
  const answers = useQuery(answersQuery(project));
  return (
    <section>
      <h2>What was answered</h2>
      <Loaded query={answers}>
        {({ questions }) =>
          questions.map((question) => <OneQuestion key={question.id} project={project} question={question} />)
        }
      </Loaded>
    </section>
  );
}
