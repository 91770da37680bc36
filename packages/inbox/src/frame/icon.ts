/** The icon of the pages: a point that holds. */
export const iconText = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="11" fill="none" stroke="#1b7f5f" stroke-width="4"/><circle cx="16" cy="16" r="4" fill="#1b7f5f"/></svg>
`;
