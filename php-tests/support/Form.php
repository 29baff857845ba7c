<?php

/** A form of a page with its fields filled as a browser would send them, nonces among them. */

declare(strict_types=1);

namespace Telemed\Tests;

final class Form
{
    public readonly string $action;
    public readonly string $method;

    /** @var array<string, string|list<string>> names as they stand, such as telemed_settings[mode] */
    public readonly array $fields;

    /**
     * @param string $url of the page that holds it
     * @param ?\DOMElement $button that sends it, where that has a name or an address of its own
     */
    public function __construct(\DOMElement $form, string $url, ?\DOMElement $button = null)
    {
        $this->action = Url::resolve($url, (string) $button?->getAttribute('formaction') ?: $form->getAttribute('action'));
        $this->method = strtoupper($form->getAttribute('method') ?: 'get');
        $name = (string) $button?->getAttribute('name');
        $this->fields = array_merge(self::read($form), '' === $name ? array() : array($name => $button->getAttribute('value')));
    }

    /** @return array<string, string|list<string>> */
    private static function read(\DOMElement $form): array
    {
        $fields = array();
        $xpath = new \DOMXPath($form->ownerDocument);
        // Fields outside of the form can belong to it by the attribute form.
        $query = sprintf('.//input|.//select|.//textarea|//*[@form and @form="%s"]', $form->getAttribute('id'));
        foreach ($xpath->query($query, $form) as $field) {
            assert($field instanceof \DOMElement);
            $name = $field->getAttribute('name');
            $owner = $field->getAttribute('form');
            if (
                '' === $name || $field->hasAttribute('disabled') || ('' !== $owner && $owner !== $form->getAttribute('id'))
                || 'button' === $field->tagName
            ) {
                continue;
            }
            foreach (self::values($field, $xpath) as $value) {
                if (str_ends_with($name, '[]')) {
                    $fields[$name][] = $value;
                } else {
                    $fields[$name] = $value;
                }
            }
        }
        return $fields;
    }

    /** @return list<string> none when nothing would be sent */
    private static function values(\DOMElement $field, \DOMXPath $xpath): array
    {
        if ('textarea' === $field->tagName) {
            return array($field->textContent);
        }
        if ('select' === $field->tagName) {
            $options = $xpath->query('.//option[@selected]', $field);
            if (0 === $options->length) {
                $options = $xpath->query('(.//option)[1]', $field);
            }
            $option = $options->item(max(0, $options->length - 1));
            if (! $option instanceof \DOMElement) {
                return array();
            }
            return array($option->hasAttribute('value') ? $option->getAttribute('value') : $option->textContent);
        }
        $type = strtolower($field->getAttribute('type'));
        if (in_array($type, array('submit', 'button', 'image', 'reset', 'file'), true)) {
            return array();
        }
        if (in_array($type, array('checkbox', 'radio'), true)) {
            if (! $field->hasAttribute('checked')) {
                return array();
            }
            return array($field->hasAttribute('value') ? $field->getAttribute('value') : 'on');
        }
        return array($field->getAttribute('value'));
    }
}
