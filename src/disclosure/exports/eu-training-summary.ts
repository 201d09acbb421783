import { countsText, itemLines, itemOf, mainModelOf, modelOf } from './disclosed-run.ts';
import { declared, field, formNote } from './form.ts';
import { type ExportFormat, holding } from './format.ts';

const noField = { lost: 'the summary is about content of training alone' } as const;

/** The public summary of training content (template of the Commission, 24 July 2025): every class of source, whether used or not. */
export const euTrainingSummary: ExportFormat = {
  title: 'EU public summary of training content (template of 24 July 2025)',
  version: 'July 2025; no official machine form',
  validator: 'its own schema (goodhart-form-1)',
  as: 'form',
  holds: holding(noField, {
    D1: 'field',
    D2: 'field',
    D3: 'field',
    withheld: { asText: 'in the note above the summary' },
    seal: { asText: 'in the note above the summary' },
  }),
  write(run, asking) {
    const { counts, data } = run;
    const base = modelOf(run, 'base');
    const machines = counts.raters.filter(([kind]) => kind !== 'human');
    const people = counts.raters.filter(([kind]) => kind === 'human');
    const form = {
      format: 'goodhart-form-1',
      form: 'eu-training-summary',
      title: `Summary of the content used for training: ${mainModelOf(run)?.name ?? run.name}`,
      sections: [
        {
          title: '1. General information',
          fields: [
            field('1.1 Provider', [asking.ask('provider'), asking.ask('contact')]),
            declared(asking, 'authorisedRepresentative', '1.1 Authorised representative'),
            field('1.2 Model', [mainModelOf(run)?.name, asking.ask('version')]),
            field('1.2 Model dependencies', [base === undefined ? undefined : `${base.name}, trained in the same run`]),
            declared(asking, 'unionMarketDate', '1.2 Date of placement on the Union market'),
            field('1.3 Modalities', ['text']),
            field('1.3 Size', [
              `items: ${countsText(counts.items)}`,
              `judgments: ${countsText(counts.judgments)}`,
              `prompts: ${countsText(counts.prompts)}`,
              ...itemLines(itemOf(run, 'D1')),
            ]),
            declared(asking, 'languages', '1.3 Languages'),
            declared(asking, 'acquired', '1.3 Latest date of acquisition'),
          ],
        },
        {
          title: '2. List of data sources',
          fields: [
            declared(asking, 'publicData', '2.1 Publicly available data sets'),
            declared(asking, 'licensedData', '2.2 Private data sets obtained from third parties'),
            declared(asking, 'scrapedData', '2.3 Data crawled and scraped from online sources'),
            field('2.4 User data', [
              asking.ask('userData'),
              people.length === 0 ? undefined : `judgments of people: ${countsText(people)}`,
              ...itemLines(itemOf(run, 'D2')),
            ]),
            field('2.5 Synthetic data', [
              machines.length === 0 ? undefined : `judgments of machines: ${countsText(machines)}`,
              `items by the policy they come from: ${countsText(counts.origins)}`,
              ...itemLines(itemOf(run, 'D3')),
            ]),
            field('2.6 Other sources', [asking.ask('provenance'), `layout ${data.layout}, ${data.digest}`]),
          ],
        },
        {
          title: '3. Data processing',
          fields: [
            declared(asking, 'textMining', '3.1 Respect of reservation of rights'),
            declared(asking, 'illegalContent', '3.2 Removal of illegal content'),
            declared(asking, 'personalData', '3.3 Other: personal and sensitive data'),
          ],
        },
      ],
      note: formNote(run, asking),
    } as const;
    return {
      as: 'form',
      form: { ...form, sections: form.sections.map((each) => ({ ...each, fields: [...each.fields] })) },
    };
  },
};
