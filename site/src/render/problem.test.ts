import { describe, expect, it } from 'vitest';
import { problemAddress, problemLink } from './problem.ts';

const problem = { id: 'L2F41', label: 'left & right', permalink: '/r/demo@1/L2F41', hash: 'ab12' };
const bodyOf = (href: string): string => new URL(href).searchParams.get('body') ?? '';

describe('problemAddress', () => {
  it('fills a letter, with or without an addressee', () => {
    const letter = problemAddress('mailto:atlas@example.org', problem);
    expect(letter).toMatch(/^mailto:atlas@example\.org\?subject=L2F41/);
    expect(bodyOf(letter)).toContain('/r/demo@1/L2F41\r\nrecord sha256 ab12');
    expect(problemAddress('', problem)).toMatch(/^mailto:\?subject=/);
  });
  it('fills an issue tracker, by its query or by its marks', () => {
    const issue = new URL(problemAddress('https://example.org/issues/new?labels=atlas', problem));
    expect(issue.searchParams.get('labels')).toBe('atlas');
    expect(issue.searchParams.get('title')).toBe('L2F41: a problem on its page');
    const marked = problemAddress('https://example.org/x?t={title}&d={body}', { ...problem, hash: null });
    expect(new URL(marked).searchParams.get('d')).not.toContain('sha256');
  });
  it('never becomes a script', () => {
    expect(problemAddress('javascript:alert(1)', problem)).toMatch(/^mailto:\?/);
    expect(problemLink('https://example.org/"><b>', problem).text).not.toContain('"><b>');
  });
});
