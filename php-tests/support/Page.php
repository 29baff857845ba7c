<?php

/** One answer of a site: status, headers, body, and the document for those who look for elements in it. */

declare(strict_types=1);

namespace Telemed\Tests;

final class Page
{
    private ?\DOMXPath $xpath = null;

    /**
     * @param string $url where the redirects ended
     * @param array<string, list<string>> $headers names in lower case
     * @param list<array{status: int, location: string}> $redirects that led here
     */
    public function __construct(
        public readonly string $url,
        public readonly int $status,
        public readonly array $headers,
        public readonly string $body,
        public readonly array $redirects
    ) {
    }

    /** A header, all its lines joined; '' when absent. */
    public function header(string $name): string
    {
        return implode(', ', $this->headers[strtolower($name)] ?? array());
    }

    /** The body as JSON. */
    public function json(): mixed
    {
        try {
            return json_decode($this->body, true, 512, JSON_THROW_ON_ERROR);
        } catch (\JsonException $failure) {
            throw new \RuntimeException("No JSON, but {$this->status} from {$this->url}: " . substr($this->body, 0, 500), 0, $failure);
        }
    }

    /** The visible text: of the whole page, or of the element with an id ('' when there is none). */
    public function text(string $id = ''): string
    {
        $node = '' === $id ? $this->first('//body') : $this->element($id);
        return null === $node ? '' : trim((string) preg_replace('/\s+/u', ' ', $node->textContent));
    }

    public function element(string $id): ?\DOMElement
    {
        return $this->first(sprintf('//*[@id="%s"]', $id));
    }

    public function first(string $xpath): ?\DOMElement
    {
        return $this->all($xpath)[0] ?? null;
    }

    /** @return list<\DOMElement> */
    public function all(string $xpath): array
    {
        $found = $this->xpath()->query($xpath);
        if (false === $found) {
            throw new \RuntimeException("No XPath: {$xpath}");
        }
        return array_values(array_filter(iterator_to_array($found), static fn ($node): bool => $node instanceof \DOMElement));
    }

    /**
     * What WordPress tells at the top of its screens.
     *
     * @return list<string>
     */
    public function notices(): array
    {
        return array_map(
            static fn (\DOMElement $notice): string => trim((string) preg_replace('/\s+/u', ' ', $notice->textContent)),
            $this->all('//div[contains(concat(" ", @class, " "), " notice ")]')
        );
    }

    /**
     * The form with an id, or the first one that an XPath finds.
     *
     * @param string $button the id of the button that sends it; '' for any that says nothing of its own
     */
    public function form(string $idOrXpath, string $button = ''): Form
    {
        $form = str_contains($idOrXpath, '/') ? $this->first($idOrXpath) : $this->element($idOrXpath);
        if (null === $form || 'form' !== $form->tagName) {
            throw new \RuntimeException(
                "No form '{$idOrXpath}' on {$this->url} ({$this->status}): " . substr($this->text(), 0, 1000)
            );
        }
        $sender = '' === $button ? null : $this->element($button);
        if ('' !== $button && (null === $sender || $sender->hasAttribute('disabled'))) {
            throw new \RuntimeException("No button '{$button}' that can be clicked on {$this->url}.");
        }
        return new Form($form, $this->url, $sender);
    }

    private function xpath(): \DOMXPath
    {
        if (null === $this->xpath) {
            $document = new \DOMDocument();
            $before = libxml_use_internal_errors(true);
            // libxml takes HTML without a declaration for Latin-1.
            $document->loadHTML('<?xml encoding="UTF-8">' . ('' === $this->body ? '<html></html>' : $this->body));
            libxml_clear_errors();
            libxml_use_internal_errors($before);
            $this->xpath = new \DOMXPath($document);
        }
        return $this->xpath;
    }
}
